package orders

import "testing"

// A text that begins with the number of a member of staff is read with their name;
// without one, and anywhere else in the text, the number stays.
func TestTheTimelineNamesStaff(t *testing.T) {
	names := map[string]string{"42": "Mina Kaya", "43": ""}
	for text, want := range map[string]string{
		"Staff (42) asked to cancel: She called": "Mina Kaya asked to cancel: She called",
		"Staff (43) asked to cancel":             "Staff (43) asked to cancel",
		"Staff (44) asked to cancel":             "Staff (44) asked to cancel",
		"The shopper wrote: Staff (42) was kind": "The shopper wrote: Staff (42) was kind",
		"":                                       "",
	} {
		if got := withName(text, names); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
