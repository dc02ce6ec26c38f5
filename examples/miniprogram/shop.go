package miniprogram

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
)

// ErrSoldOut reports that there is less of a product than was ordered.
var ErrSoldOut = errors.New("sold out")

// An Order is what somebody has bought.
type Order struct {
	ID      string    `json:"_id"`
	Buyer   string    `json:"buyer"`
	Product string    `json:"product"`
	Count   int       `json:"count"`
	Total   int       `json:"total"`
	At      time.Time `json:"at"`
}

// A Shop sells products as long as there are some. It is safe for concurrent use.
type Shop struct {
	db *virga.DB
}

// NewShop returns the shop of db.
func NewShop(db *virga.DB) *Shop { return &Shop{db} }

// Buy places an order: stock goes down and the order is there, or neither. The request
// is named by whoever makes it, and buying again under the same name returns the order
// that is there already: when the answer to a request was lost, Buy asks again.
func (s *Shop) Buy(ctx context.Context, request, buyer, product string, count int) (Order, error) {
	if count <= 0 {
		return Order{}, fmt.Errorf("an order of %d", count)
	}
	const attempts = 3
	for attempt := 1; ; attempt++ {
		order, err := s.buy(ctx, request, buyer, product, count)
		if !lostReply(err) || attempt == attempts {
			return order, err
		}
	}
}

func (s *Shop) buy(ctx context.Context, request, buyer, product string, count int) (order Order, err error) {
	err = s.db.RunTransaction(ctx, func(ctx context.Context, tx *virga.Tx) error {
		orders, products := virga.Of[Order](tx.Collection("orders")), tx.Collection("products")
		var err error
		if order, err = orders.Get(ctx, request); !errors.Is(err, virga.ErrNotFound) {
			return err // or there it is
		}
		doc, err := products.Doc(product).Get(ctx)
		if err != nil {
			return err
		}
		price, _ := doc.Lookup("price").Int64()
		if stock, _ := doc.Lookup("stock").Int64(); stock < int64(count) {
			return fmt.Errorf("%s: %w", product, ErrSoldOut)
		}
		if _, err := products.Doc(product).Update(ctx, virga.M{"stock": query.Inc(-count)}); err != nil {
			return err
		}
		_, err = tx.Collection("orders").Add(ctx, virga.M{
			"_id": request, "buyer": buyer, "product": product, "count": count,
			"total": int64(count) * price, "at": query.ServerDate(0),
		})
		if err != nil {
			return err
		}
		order, err = orders.Get(ctx, request)
		return err
	})
	if err != nil {
		return Order{}, err
	}
	return order, nil
}

// Orders returns a buyer's orders, the newest first.
func (s *Shop) Orders(ctx context.Context, buyer string, most int) ([]Order, error) {
	return virga.Of[Order](s.db.Collection("orders")).Where(virga.M{"buyer": buyer}).
		OrderBy("at", virga.Desc).Limit(most).Get(ctx)
}

// lostReply reports whether err leaves open what has happened.
func lostReply(err error) bool { return errors.Is(err, virga.ErrTimeout) }

// lostConnection reports whether err is the end of a stream that can be opened again.
func lostConnection(err error) bool {
	var e *virga.Error
	return errors.As(err, &e) && e.Code == "CONN_ERROR"
}
