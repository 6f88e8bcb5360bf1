package shopify

import (
	"context"
	"fmt"

	"afterglow/app/ids"
)

// ProductFacts are how the merchant has sorted a product.
type ProductFacts struct {
	ID          int64
	Type        string
	Tags        []string
	Collections []string // titles and handles
}

type productNode struct {
	ID          string   `json:"id"`
	ProductType string   `json:"productType"`
	Tags        []string `json:"tags"`
	Collections struct {
		Nodes []struct {
			Handle string `json:"handle"`
			Title  string `json:"title"`
		} `json:"nodes"`
	} `json:"collections"`
}

func (n productNode) facts() (ProductFacts, error) {
	_, id, err := ids.ParseGID(n.ID)
	f := ProductFacts{ID: id, Type: n.ProductType, Tags: n.Tags}
	for _, c := range n.Collections.Nodes {
		f.Collections = append(f.Collections, c.Title)
		if c.Handle != c.Title {
			f.Collections = append(f.Collections, c.Handle)
		}
	}
	return f, err
}

func factsOf(nodes []productNode) ([]ProductFacts, error) {
	list := make([]ProductFacts, 0, len(nodes))
	for _, n := range nodes {
		if n.ID == "" { // deleted since
			continue
		}
		f, err := n.facts()
		if err != nil {
			return nil, fmt.Errorf("read a product: %w", err)
		}
		list = append(list, f)
	}
	return list, nil
}

// Products reads up to 50 products; those that Shopify does not know are left out.
func (c *Client) Products(ctx context.Context, numbers []int64) ([]ProductFacts, error) {
	gids := make([]string, len(numbers))
	for i, n := range numbers {
		gids[i] = ids.GID("Product", n)
	}
	var out struct {
		Nodes []productNode `json:"nodes"`
	}
	if _, err := c.Do(ctx, docProducts, map[string]any{"ids": gids}, &out); err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	return factsOf(out.Nodes)
}

// Catalogue reads a page of the shop's products. next is "" after the last one.
func (c *Client) Catalogue(ctx context.Context, after string) (list []ProductFacts, next string, err error) {
	var out struct {
		Products struct {
			Nodes    []productNode `json:"nodes"`
			PageInfo struct {
				HasNextPage bool   `json:"hasNextPage"`
				EndCursor   string `json:"endCursor"`
			} `json:"pageInfo"`
		} `json:"products"`
	}
	var cursor any
	if after != "" {
		cursor = after
	}
	if _, err := c.Do(ctx, docCatalogue, map[string]any{"after": cursor}, &out); err != nil {
		return nil, "", fmt.Errorf("read the catalogue: %w", err)
	}
	if out.Products.PageInfo.HasNextPage {
		next = out.Products.PageInfo.EndCursor
	}
	list, err = factsOf(out.Products.Nodes)
	return list, next, err
}
