// Package sorter puts documents in an order given as bytes, in bounded memory: what
// does not fit goes to temporary files that never outlive the process.
package sorter
