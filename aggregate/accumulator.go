package aggregate

import "github.com/virgadb/virga/document"

// Sum adds up numbers, without regard to other values; Sum(1) counts. In a group it
// takes one argument and adds up its value for all documents; elsewhere the elements
// of an array, or several arguments.
func Sum(args ...any) Expression { return Expression{"$sum", solo(args)} }

// Avg returns the average of numbers, as [Sum] takes them; null of none.
func Avg(args ...any) Expression { return Expression{"$avg", solo(args)} }

// Min returns the smallest value that is neither null nor missing.
func Min(args ...any) Expression { return Expression{"$min", solo(args)} }

// Max returns the largest value that is neither null nor missing.
func Max(args ...any) Expression { return Expression{"$max", solo(args)} }

// StdDevPop returns the standard deviation of a whole population.
func StdDevPop(args ...any) Expression { return Expression{"$stdDevPop", solo(args)} }

// StdDevSamp returns the standard deviation estimated from a sample.
func StdDevSamp(args ...any) Expression { return Expression{"$stdDevSamp", solo(args)} }

// First returns the value for the first document of a group, null when it is
// missing.
func First(x any) Expression { return Expression{"$first", one(x)} }

// Last returns the value for the last document of a group, null when it is missing.
func Last(x any) Expression { return Expression{"$last", one(x)} }

// Push gathers the values for all documents of a group in an array, in the order in
// which they come.
func Push(x any) Expression { return Expression{"$push", one(x)} }

// AddToSet gathers the different values for the documents of a group in an array.
func AddToSet(x any) Expression { return Expression{"$addToSet", one(x)} }

// Count returns the number of documents of a group.
func Count() Expression { return Expression{"$count", document.D{}} }
