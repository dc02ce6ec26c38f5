package badger

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"

	"github.com/virgadb/virga/internal/storage"
)

// RewriteState changes the text of a folder's STATE and gives it a right checksum.
func RewriteState(dir string, change func(string) string) error {
	name := filepath.Join(dir, stateName)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	body, _, _ := strings.Cut(string(text), "checksum ")
	body = change(body)
	body += fmt.Sprintf("checksum %08x\n", crc32.ChecksumIEEE([]byte(body)))
	return os.WriteFile(name, append([]byte(body), make([]byte, stateSize-len(body))...), 0o666)
}

// CommonPrefix is commonPrefix.
func CommonPrefix(r storage.Range, reverse bool) []byte { return commonPrefix(r, reverse) }
