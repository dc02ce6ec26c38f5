package geo

import (
	"slices"
	"testing"
)

func TestClockwise(t *testing.T) {
	for name, ring := range map[string]LineString{
		"square":       {{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}},
		"tiny":         {{114, 22}, {114.0000001, 22}, {114, 22.0000001}, {114, 22}},
		"dateline":     {{170, -10}, {-170, -10}, {-170, 10}, {180, 20}, {170, 10}, {170, -10}},
		"both signs":   {{180, -10}, {-170, -10}, {-170, 10}, {-180, -10}},
		"north pole":   {{0, 80}, {90, 80}, {180, 80}, {-90, 80}, {0, 80}},
		"south pole":   {{0, -80}, {-90, -80}, {180, -80}, {90, -80}, {0, -80}},
		"twice a spot": {{0, 0}, {0, 0}, {10, 0}, {10, 10}, {10, 10}, {0, 0}},
	} {
		if ring.Clockwise() {
			t.Errorf("%s goes clockwise", name)
		}
		back := slices.Clone(ring)
		slices.Reverse(back)
		if !back.Clockwise() {
			t.Errorf("%s backwards does not go clockwise", name)
		}
	}
	for _, l := range []LineString{
		nil, {}, {{1, 2}}, {{1, 2}, {1, 2}, {1, 2}, {1, 2}}, {{0, 0}, {1, 0}, {0, 0}}, {{0, 10}, {10, 10}, {10, 0}, {0, 0}},
		{{0, 0}, {90, 0}, {180, 0}, {-90, 0}, {0, 0}}, {{0, 0}, {-90, 0}, {180, 0}, {90, 0}, {0, 0}}, {{500, 0}, {-90, 600}},
	} {
		if l.Clockwise() {
			t.Errorf("%v goes clockwise", l)
		}
	}
}
