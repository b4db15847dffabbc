// Package airecord keeps what became of requests to models: who asked, who
// answered, how long it took and what it cost, never the content. Requests hand
// their record over and do not wait: a bounded queue is written in batches, and
// what it has no room for is counted and dropped. Sums by day are kept beside the
// records, for much longer.
package airecord
