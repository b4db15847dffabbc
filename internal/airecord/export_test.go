package airecord

// AtMost bounds the records that are kept.
func AtMost(o Options, n int) Options {
	o.most = n
	return o
}

// Queue is how many records wait at most.
const Queue = maxQueue

// Statements are what reads a page of records, a page of feedback and the usage,
// with their arguments.
func (s *Store) Statements(q List, by Group, span Span) (texts [3]string, args [3][]any, err error) {
	key := s.opts.Key()
	if texts[0], args[0], _, _, err = s.records.statement(s.db.Dialect(), q, key); err != nil {
		return texts, args, err
	}
	if texts[1], args[1], _, _, err = s.feedback.statement(s.db.Dialect(), q, key); err != nil {
		return texts, args, err
	}
	texts[2], args[2], err = s.usageStatement(by, span)
	return texts, args, err
}
