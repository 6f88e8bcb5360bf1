package shops

import (
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) onboardingRoutes(g *web.Group) {
	g.GET("/setup", s.getOnboarding, web.Needs(MayReadSettings))
	g.PUT("/setup/steps/:step", s.putStep, web.Needs(MayChangeDesign))
}

func (s *Service) getOnboarding(c *web.Ctx) error {
	var o Onboarding
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		o, err = Onboarded(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(o)
}

// putStep notes that a step is done, is skipped, or is to be done after all.
func (s *Service) putStep(c *web.Ctx) error {
	var in struct {
		State string `json:"state"`
	}
	if err := c.Bind(&in); err != nil {
		return err
	}
	var o Onboarding
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		if err := setStep(tx, c.Param("step"), in.State); err != nil {
			return err
		}
		var err error
		o, err = Onboarded(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(o)
}
