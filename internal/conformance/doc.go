// Package conformance holds the database against expected results that were not
// made by it: the vectors in testdata/conformance, whose README says what they
// are, and those in the folders that VIRGA_VECTORS names, separated by ":". It is
// a test only.
package conformance
