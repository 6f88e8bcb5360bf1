package shops

import (
	"slices"
	"strings"

	"afterglow/app/problem"
	"afterglow/app/web"
)

// What a member of staff may be allowed. Every admin route names one; a route
// that names none is for owners only.
const (
	MayOpen           web.Permission = "app.open"        // the first screen with its figures
	MayReadOrders     web.Permission = "orders.read"     // orders with their shoppers
	MayChangeOrders   web.Permission = "orders.change"   // cancel and edit for a shopper
	MayReadMessages   web.Permission = "messages.read"   // mails, whom they went to, what they say
	MaySendMessages   web.Permission = "messages.send"   // send a mail again
	MayReadDesign     web.Permission = "design.read"     // how mails and pages look
	MayChangeDesign   web.Permission = "design.change"   // write, try and publish a design
	MayReadSettings   web.Permission = "settings.read"   // sender, delivery, policies
	MayChangeSettings web.Permission = "settings.change" // change them
	MayOperate        web.Permission = "shopify.operate" // imports, webhooks that failed
	MayReadPrivacy    web.Permission = "privacy.read"    // privacy requests, the access log
	MayExport         web.Permission = "privacy.export"  // download a customer's data
	MayManageStaff    web.Permission = "staff.manage"    // decide who may do what
	MayRefund         web.Permission = "money.refund"    // give money back
	MayCredit         web.Permission = "money.credit"    // give store credit and gift cards
	MayDiscount       web.Permission = "money.discount"  // give out discount codes
)

// Permissions lists them all, in the order in which screens show them.
var Permissions = []web.Permission{MayOpen, MayReadOrders, MayChangeOrders, MayReadMessages, MaySendMessages, MayReadDesign, MayChangeDesign,
	MayReadSettings, MayChangeSettings, MayOperate, MayReadPrivacy, MayExport, MayManageStaff, MayRefund, MayCredit, MayDiscount}

// Role is a set of permissions with a name that merchants use.
type Role string

// The roles.
const (
	RoleOwner     Role = "owner"
	RoleAdmin     Role = "admin"
	RoleMarketing Role = "marketing"
	RoleSupport   Role = "support"
	RoleViewer    Role = "viewer"
)

// Roles lists them, the mightiest first.
var Roles = []Role{RoleOwner, RoleAdmin, RoleMarketing, RoleSupport, RoleViewer}

// allowed is what each role may do. A viewer sees figures and designs, nothing
// about a shopper.
var allowed = map[Role][]web.Permission{
	RoleOwner:     Permissions,
	RoleAdmin:     without(Permissions, MayManageStaff),
	RoleMarketing: {MayOpen, MayReadMessages, MayReadDesign, MayChangeDesign, MayReadSettings},
	RoleSupport:   {MayOpen, MayReadOrders, MayChangeOrders, MayReadMessages, MaySendMessages, MayReadDesign},
	RoleViewer:    {MayOpen, MayReadDesign, MayReadSettings},
}

// Extras are what may be given to one person on top of their role: what moves
// money, and what takes personal data out.
var Extras = []web.Permission{MayRefund, MayCredit, MayDiscount, MayExport}

func without(list []web.Permission, one web.Permission) []web.Permission {
	return slices.DeleteFunc(slices.Clone(list), func(p web.Permission) bool { return p == one })
}

// permits tells whether the role, with the extras, may do it. Nobody but an owner
// may do what nobody named.
func permits(role Role, extras []web.Permission, need web.Permission) bool {
	if role == RoleOwner {
		return true
	}
	return slices.Contains(allowed[role], need) || slices.Contains(Extras, need) && slices.Contains(extras, need)
}

func permissionsOf(role Role, extras []web.Permission) (list []web.Permission) {
	for _, p := range Permissions {
		if permits(role, extras, p) {
			list = append(list, p)
		}
	}
	return list
}

// ErrForbidden says what is missing and who can give it.
var ErrForbidden = problem.New(problem.Forbidden, "shops.permission", "You may not do this here.")

func forbidden(role Role, need web.Permission) error {
	what := string(need)
	if need == "" {
		what = "owner"
	}
	return ErrForbidden.Detailf("This needs the permission %s, which your role (%s) does not have. An owner of this app can give it to you on the page Staff.", what, role).
		WithFields(problem.Field{Field: "permission", Detail: what}, problem.Field{Field: "role", Detail: string(role)}, problem.Field{Field: "granted_by", Detail: string(RoleOwner)})
}

func splitExtras(text string) (list []web.Permission) {
	for p := range strings.SplitSeq(text, ",") {
		if slices.Contains(Extras, web.Permission(p)) {
			list = append(list, web.Permission(p))
		}
	}
	return list
}

func joinExtras(list []web.Permission) string {
	var kept []string
	for _, p := range Extras {
		if slices.Contains(list, p) {
			kept = append(kept, string(p))
		}
	}
	return strings.Join(kept, ",")
}
