package sqlite

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
)

// Bounds of the prepared statements that a connection keeps.
const (
	maxStatements  = 64
	maxStatementLn = 4 << 10 // bytes of SQL
)

// statements runs SQL on a connection of the engine and keeps what it has
// prepared: preparing costs more than a short statement itself.
type statements struct {
	engine engineConn
	byText map[string]*list.Element
	recent list.List // of *statement, latest first
}

type statement struct {
	text string
	stmt engineStmt
	in   bool // rows of it are open
	gone bool // evicted while rows were open
}

type engineStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keepable reports whether preparing query once and running it many times is
// the same as running it: true of data statements and transaction control, not
// of PRAGMAs, which act while they are prepared, or of scripts.
func keepable(query string) bool {
	if len(query) > maxStatementLn {
		return false
	}
	q := strings.TrimLeft(query, " \t\r\n")
	word, _, _ := strings.Cut(q, " ")
	if i := strings.IndexAny(word, "\t\r\n("); i >= 0 {
		word = word[:i]
	}
	switch {
	case len(word) > len("ROLLBACK"):
		return false
	case strings.EqualFold(word, "SELECT"), strings.EqualFold(word, "INSERT"), strings.EqualFold(word, "UPDATE"),
		strings.EqualFold(word, "DELETE"), strings.EqualFold(word, "WITH"),
		strings.EqualFold(word, "BEGIN"), strings.EqualFold(word, "COMMIT"), strings.EqualFold(word, "ROLLBACK"):
		return true
	}
	return false
}

// prepared returns the kept statement of query, preparing it at first, or nil
// when it is not to be kept or is in use by open rows.
func (s *statements) prepared(ctx context.Context, query string) (*statement, error) {
	if e, ok := s.byText[query]; ok {
		st := e.Value.(*statement)
		if st.in {
			return nil, nil
		}
		s.recent.MoveToFront(e)
		return st, nil
	}
	if !keepable(query) {
		return nil, nil
	}
	prepared, err := s.engine.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(engineStmt)
	if !ok {
		return nil, prepared.Close()
	}
	if s.byText == nil {
		s.byText = make(map[string]*list.Element)
	}
	st := &statement{text: query, stmt: stmt}
	s.byText[query] = s.recent.PushFront(st)
	if s.recent.Len() > maxStatements {
		return st, s.evict()
	}
	return st, nil
}

// evict forgets the statement used least recently.
func (s *statements) evict() error {
	e := s.recent.Back()
	st := s.recent.Remove(e).(*statement)
	delete(s.byText, st.text)
	if st.in {
		st.gone = true
		return nil
	}
	return st.stmt.Close()
}

func (s *statements) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return s.engine.ExecContext(ctx, query, args)
	}
	return st.stmt.ExecContext(ctx, args)
}

func (s *statements) query(ctx context.Context, query string, args []driver.NamedValue) (*rows, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	var r driver.Rows
	if st == nil {
		r, err = s.engine.QueryContext(ctx, query, args)
	} else {
		r, err = st.stmt.QueryContext(ctx, args)
	}
	if err != nil {
		return nil, err
	}
	inner, ok := r.(engineRows)
	if !ok {
		return nil, errors.Join(errors.New("query: unexpected rows of the engine"), r.Close())
	}
	if st != nil {
		st.in = true
	}
	return &rows{engineRows: inner, statement: st}, nil
}

// close finalizes every kept statement.
func (s *statements) close() error {
	var errs []error
	for e := s.recent.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(*statement).stmt.Close())
	}
	s.recent.Init()
	s.byText = nil
	return errors.Join(errs...)
}

// engineRows is what rows of the engine can do.
type engineRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// rows gives its statement back when it is closed.
type rows struct {
	engineRows
	conn      *conn
	statement *statement
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	err := r.engineRows.Next(dest)
	if err != nil && !errors.Is(err, io.EOF) {
		return r.conn.fail(err)
	}
	return err
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.engineRows.Close()
	if st := r.statement; st != nil {
		r.statement = nil
		st.in = false
		if st.gone {
			err = errors.Join(err, st.stmt.Close())
		}
	}
	if err != nil {
		return r.conn.fail(err)
	}
	return nil
}
