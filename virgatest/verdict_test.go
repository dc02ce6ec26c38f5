package virgatest

import (
	"errors"
	"strings"
	"testing"

	"github.com/virgadb/virga"
)

func TestVerdict(t *testing.T) {
	damaged := virga.CheckReport{Problems: []virga.Problem{{Collection: "a", Text: "count is off"}}}
	if err := verdict(damaged, nil); !errors.Is(err, virga.ErrCorrupt) || !strings.Contains(err.Error(), "count is off") {
		t.Errorf("damaged: %v", err)
	}
	if err := verdict(virga.CheckReport{}, virga.ErrTimeout); !errors.Is(err, virga.ErrTimeout) {
		t.Errorf("unchecked: %v", err)
	}
	if err := verdict(virga.CheckReport{}, nil); err != nil {
		t.Errorf("sound: %v", err)
	}
	if err := verdict(virga.CheckReport{}, virga.ErrClosed); err != nil {
		t.Errorf("closed: %v", err)
	}
}
