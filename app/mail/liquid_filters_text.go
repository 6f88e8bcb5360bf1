package mail

import (
	"strings"
)

func truncate(_ *run, in any, args []any, _ map[string]any) (any, error) {
	n, err := whole(argument(args, 0, 50))
	if err != nil {
		return nil, err
	}
	end := []rune(text(argument(args, 1, "…")))
	runes := []rune(text(in))
	if n < 0 || len(runes) <= n {
		return string(runes), nil
	}
	return string(runes[:max(0, n-len(end))]) + string(end), nil
}

func truncateWords(_ *run, in any, args []any, _ map[string]any) (any, error) {
	n, err := whole(argument(args, 0, 15))
	if err != nil {
		return nil, err
	}
	words := strings.Fields(text(in))
	if n < 0 || len(words) <= n {
		return text(in), nil
	}
	return strings.Join(words[:n], " ") + text(argument(args, 1, "…")), nil
}

func slice(_ *run, in any, args []any, _ map[string]any) (any, error) {
	start, err := whole(argument(args, 0, 0))
	if err != nil {
		return nil, err
	}
	n, err := whole(argument(args, 1, 1))
	if err != nil {
		return nil, err
	}
	cut := func(length int) (int, int) {
		if start < 0 {
			start += length
		}
		from := max(0, min(start, length))
		return from, min(length, from+max(0, min(n, length)))
	}
	if s, ok := in.(string); ok {
		runes := []rune(s)
		from, to := cut(len(runes))
		return string(runes[from:to]), nil
	}
	l := list(in)
	from, to := cut(len(l))
	return l[from:to], nil
}

func split(_ *run, in any, args []any, _ map[string]any) (any, error) {
	s, sep := text(in), text(argument(args, 0, ""))
	var parts []string
	if sep == " " {
		parts = spacePattern.Split(strings.TrimSpace(s), maxList+2)
	} else {
		parts = strings.SplitN(s, sep, maxList+2)
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out, nil
}

func join(_ *run, in any, args []any, _ map[string]any) (any, error) {
	sep := text(argument(args, 0, " "))
	var b strings.Builder
	for i, v := range list(in) {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(text(v))
		if b.Len() > maxText {
			return nil, ErrTemplateLimit.Detailf("A filter made a text larger than %d KiB.", maxText>>10)
		}
	}
	return b.String(), nil
}
