package geo

// push adds x to a heap.
func push[T any](heap []T, x T, before func(T, T) bool) []T {
	heap = append(heap, x)
	up(heap, len(heap)-1, before)
	return heap
}

// up brings element i of a heap to its place towards the top.
func up[T any](heap []T, i int, before func(T, T) bool) {
	x := heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !before(x, heap[parent]) {
			break
		}
		heap[i] = heap[parent]
		i = parent
	}
	heap[i] = x
}

// pop removes the top of a heap.
func pop[T any](heap []T, before func(T, T) bool) (T, []T) {
	top, last := heap[0], len(heap)-1
	x := heap[last]
	heap = heap[:last]
	if last > 0 {
		replace(heap, x, before)
	}
	return top, heap
}

// replace puts x in the place of the top of a heap, from where it goes down to its own.
func replace[T any](heap []T, x T, before func(T, T) bool) {
	i := 0
	for child := 1; child < len(heap); child = 2*i + 1 {
		if child+1 < len(heap) && before(heap[child+1], heap[child]) {
			child++
		}
		if !before(heap[child], x) {
			break
		}
		heap[i] = heap[child]
		i = child
	}
	heap[i] = x
}
