package orders

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/room"
	"afterglow/app/store"
)

// sections are the parts of the order page that later rooms draw.
type sections struct {
	all       []room.Section
	templates map[string]map[locale.Tag]*template.Template
	css       template.CSS
}

// UseSections hangs later rooms' parts of the order page up. It fails for a
// template that cannot be parsed and for a name that is taken.
func (s *Service) UseSections(added ...room.Section) error {
	for _, a := range added {
		if err := s.sections.add(a); err != nil {
			return fmt.Errorf("section %s of the order page: %w", a.Name, err)
		}
	}
	return nil
}

func (s *sections) add(a room.Section) error {
	if _, taken := s.templates[a.Name]; taken {
		return fmt.Errorf("two sections have this name")
	}
	if s.templates == nil {
		s.templates = map[string]map[locale.Tag]*template.Template{}
	}
	byTag := map[locale.Tag]*template.Template{}
	for _, tag := range locale.Supported {
		t, err := template.New(a.Name).Funcs(locale.Funcs(tag)).Parse(a.Template)
		if err != nil {
			return err
		}
		byTag[tag] = t
	}
	s.templates[a.Name] = byTag
	s.all = append(s.all, a)
	slices.SortStableFunc(s.all, func(a, b room.Section) int { return a.Rank - b.Rank })
	s.css += template.CSS("\n" + strings.TrimSpace(a.CSS))
	return nil
}

// show adds to the page's data the sections that have something to say.
func (s *sections) show(ctx context.Context, tx *store.Tx, at room.PageView, data map[string]any) error {
	places := map[room.Place][]template.HTML{}
	for _, section := range s.all {
		shown, err := section.Show(ctx, tx, at)
		if err != nil {
			return fmt.Errorf("section %s of the order page: %w", section.Name, err)
		}
		if shown == nil {
			continue
		}
		var b bytes.Buffer
		if err := s.templates[section.Name][at.Tag].Execute(&b, shown); err != nil {
			return fmt.Errorf("section %s of the order page: %w", section.Name, err)
		}
		// html/template has escaped it.
		places[section.Place] = append(places[section.Place], template.HTML(b.String()))
		data[section.Name+"_shown"] = true
	}
	data["main"], data["aside"], data["section_css"] = places[room.Main], places[room.Aside], s.css
	return nil
}
