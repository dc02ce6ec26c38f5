package plan

// wideFrom is the number of documents from which a scan runs on two cores.
const wideFrom = 20_000
