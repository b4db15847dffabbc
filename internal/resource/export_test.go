package resource

// Bound makes a table take few rows for many, so that tests need not have more.
func (t *Table) Bound(few, walk, many int) { t.bounds = bounds{few: few, walk: walk, many: many} }
