package redislimit

// Debts is how many buckets owe Redis something.
func (s *Store) Debts() int { return s.shares.owing() }

// Remembered is how many buckets leases know of.
func (s *Store) Remembered() (n int) {
	for i := range s.leases.shards {
		s.leases.shards[i].mu.Lock()
		n += len(s.leases.shards[i].entries)
		s.leases.shards[i].mu.Unlock()
	}
	return n
}
