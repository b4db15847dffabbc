package airecord

// AtMost bounds the records that are kept.
func AtMost(o Options, n int) Options {
	o.most = n
	return o
}

// Queue is how many records wait at most.
const Queue = maxQueue

// CountLately is the statement of [Store.Lately].
const CountLately = countLately

// Statement reads a page of records (0) or of feedback (1).
func (s *Store) Statement(which int, q List) (string, []any, error) {
	l := [...]*listing{&s.records, &s.feedback}[which]
	text, args, _, _, err := l.statement(s.db.Dialect(), q, s.opts.Key())
	return text, args, err
}

// UsageStatement sums up.
func (s *Store) UsageStatement(by Group, span Span) (string, []any, error) {
	return s.usageStatement(by, span)
}
