package store

import "testing"

// Who comes joins only a check that has not begun.
func TestAChecksAnswerIsNotOlderThanItsQuestion(t *testing.T) {
	var s checks
	one, other := &Witness{}, &Witness{}
	first, begin := s.join(one)
	if !begin {
		t.Error("nobody begins")
	}
	second, _ := s.join(one)
	if second != first {
		t.Error("two wait for one page apart")
	}
	s.join(other)
	if begun := s.take(); len(begun) != 2 || begun[0] != first {
		t.Errorf("%d began", len(begun))
	}
	third, begin := s.join(one)
	if third == first || begin {
		t.Errorf("who came later shares what has begun: %t; a third asks: %t", third == first, begin)
	}
	for range 2 * checksAtOnce {
		s.join(&Witness{})
	}
	for _, want := range []int{checksAtOnce, checksAtOnce, 1, 0, 0} {
		if got := len(s.take()); got != want {
			t.Errorf("%d began, not %d", got, want)
		}
	}
	if s.asking != 0 {
		t.Errorf("%d still ask", s.asking)
	}
}
