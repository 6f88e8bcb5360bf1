package offers

import (
	"context"
	"errors"
	"strconv"
	"time"

	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// mailLeaves is when a mail that is on its way is looked for again.
const mailLeaves = 5 * time.Second

const endedReason = "the order was cancelled before its mail left"

var errMailLeaves = errors.New("the mail with the code is on its way")

// onGone ends the code of an order that was cancelled or deleted before its mail
// left. A code that is in a mail stays good.
func (s *Service) onGone(_ context.Context, tx *store.Tx, job queue.Job) error {
	order, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return err
	}
	row, err := findCode(tx, order)
	if err != nil || row == nil || row.State != StatePlanned && row.State != StateReady {
		return err
	}
	mails, err := messages.StatesFor(tx, orders.KindConfirmation, []int64{order})
	if err != nil {
		return err
	}
	switch mails[order] {
	case messages.StateWaiting, messages.StateSending:
		return queue.Later(tx.Now.Add(mailLeaves), errMailLeaves)
	case messages.StateSent, "":
		return nil
	}
	if row.State == StatePlanned {
		withdrawn, err := shopify.Withdraw(tx, row.OperationID, endedReason)
		if err != nil {
			return err
		}
		if withdrawn {
			return settleCode(tx, order, StateFailed, endedReason, "")
		}
		return settleCode(tx, order, StateEnded, endedReason, "") // on its way; whatever comes of it is ended
	}
	if err := settleCode(tx, order, StateEnded, endedReason, row.ShopifyID); err != nil {
		return err
	}
	return planEnd(tx, order, row.ShopifyID, row.Code)
}

func planEnd(tx *store.Tx, order int64, shopifyID, code string) error {
	_, err := shopify.Plan(tx, shopify.OperationRequest{Kind: KindCodeEnd, Subject: shopify.Subject("order", order), Order: order, Input: ending{shopifyID, code}})
	if errors.Is(err, shopify.ErrLiveOperation) {
		return nil
	}
	return err
}
