// Package miniprogram is the back end of a small mini program, as a cloud function would
// have it: chat rooms, a shop, and drafts. It is written against a [virga.DB] and knows
// nothing of tests; its tests show how package virgatest holds it to its promises
// without a cloud, faults and clocks included.
package miniprogram
