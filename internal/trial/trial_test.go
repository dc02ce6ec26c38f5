package trial

import "testing"

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		effort string
		n      int
		want   int
	}{{"", 10, 10}, {"3", 10, 30}, {"0.1", 40, 4}, {"0.01", 40, 1}, {"0", 7, 7}, {"-2", 7, 7}, {"much", 7, 7}} {
		t.Setenv("VIRGA_EFFORT", c.effort)
		if got := Times(c.n); got != c.want {
			t.Errorf("%d with an effort of %q: %d, want %d", c.n, c.effort, got, c.want)
		}
	}
}

func TestSeedIsGiven(t *testing.T) {
	t.Setenv("VIRGA_SEED", "7")
	n, rnd := Cases(t, 1)
	if again := Random(t); n != Effort() || rnd.Uint64() != again.Uint64() {
		t.Error("the same seed gives other numbers")
	}
	t.Setenv("VIRGA_SEED", "")
	if first, second := Seed(), Seed(); first == second {
		t.Error("two seeds are the same")
	}
}
