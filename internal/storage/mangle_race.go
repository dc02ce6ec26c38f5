//go:build race

package storage

// mangle spoils memory that is about to be used again, so that tests notice who has
// kept bytes of a cursor that were not to be kept.
func mangle(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
}
