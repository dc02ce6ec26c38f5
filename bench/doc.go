// Package bench measures whole operations through the public API on one standard
// workload, each beside its floor: the least that the same work costs when it is
// written by hand, for this workload alone, on the parts that the database stands
// on.
//
//	go test -bench . ./bench                        # everything, some minutes
//	go test -bench . -benchtime 1x ./bench          # everything once: does it run, are the answers right
//	go test -bench Get/map -count 5 ./bench
//	VIRGA_BENCH_DOCS=10000 go test -bench . ./bench # a smaller workload, 100,000 unless told
//
// # The workload
//
// [At] makes the documents; equal seeds make equal documents everywhere, and the
// rivals in bench/peers are fed by the same. A document has ten fields and about
// 230 bytes of msgpack.
//
// # What makes the numbers worth reading
//
//   - Every answer is checked before anything is timed: what the floor and the
//     database return is compared with what the generator says.
//   - Floor and database take turns in rounds of some ten milliseconds, in the same
//     process, on the same machine, over the same bytes, the first turn changing
//     with each round. A machine that slows down slows both. The ratio "x-floor" is
//     the median over the rounds of database by floor; trust it before any figure in
//     nanoseconds, and "x-cpu", the same ratio of processor time, where
//     the machine has other work. Both are the better the smaller.
//   - "ns/op", "floor-ns/op", "cpu-ns/op", "B/op" and "allocs/op" are medians over the
//     rounds too, and all but the second are of the database. They stand in the place
//     of the framework's own, which would count the floor in.
//   - Documents, keys and values that the caller would have anyway are made outside
//     of the time. What the API does with them is inside: handles, compiling
//     filters, encoding and decoding.
//   - Floors on Badger have the options that the database gives it, in managed mode,
//     which is the cheaper one. A synced floor is Badger's own SyncWrites.
//   - Data that is only read is loaded in batches of 1,000, closed and opened again,
//     for both sides alike. Whoever writes to loaded data gets a copy of the files.
//   - Memory is measured in processes of their own, which do nothing but load.
//   - A benchmark run with N = 1 has one cold round and says nothing but that it
//     works.
//
// Files go to the folder for temporary files; put TMPDIR on the disk that is meant.
package bench
