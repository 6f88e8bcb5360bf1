package locale

import (
	"fmt"
	"html/template"
)

// Funcs returns what a page template needs to speak language t:
//
//	{{t "order_page.title" "order" .order.name}}   text by key, with arguments by name
//	{{bdi .order.name}}                            isolated, for text from elsewhere
//	{{ltr .shop.phone}}                            isolated, left to right whatever it holds
//	{{number .quantity}}                           digits of the language
//	{{address .shipping.address}}                  lines on one line
//	{{add $i 1}}                                   a sum, to count from one
//
// A name without a value is an error of the template and stops it.
func Funcs(t Tag) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, pairs ...any) (string, error) {
			args, err := named(pairs)
			if err != nil {
				return "", fmt.Errorf("t %s: %w", key, err)
			}
			return Shopper.T(t, key, args), nil
		},
		"add": func(a, b int) int { return a + b },
		"bdi": BDI,
		"ltr": func(s string) template.HTML {
			return template.HTML(`<bdi dir="ltr">` + template.HTMLEscapeString(s) + `</bdi>`)
		},
		"number": func(v any) (string, error) {
			n, ok := integer(v)
			if !ok {
				return "", fmt.Errorf("number: %T is not a whole number", v)
			}
			return t.Number(n), nil
		},
		"address": func(lines any) (string, error) {
			texts, err := texts(lines)
			return t.JoinAddress(texts), err
		},
	}
}

// texts accepts a list as Go code or as the data of a mail hold it.
func texts(list any) ([]string, error) {
	switch list := list.(type) {
	case []string:
		return list, nil
	case []any:
		out := make([]string, len(list))
		for i, v := range list {
			s, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%T is not a text", v)
			}
			out[i] = s
		}
		return out, nil
	}
	return nil, fmt.Errorf("%T is not a list of texts", list)
}

func named(pairs []any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("a name without a value")
	}
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is not a name", pairs[i])
		}
		args[name] = pairs[i+1]
	}
	return args, nil
}
