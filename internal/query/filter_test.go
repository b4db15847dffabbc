package query_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/query"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	s := people(t)
	for name, c := range map[string]struct {
		text, canonical, sql string
		args                 []any
	}{
		"empty":        {text: "", canonical: "", sql: ""},
		"spaces":       {text: " \t\r\n", canonical: "", sql: ""},
		"equal":        {"id=a", `id="a"`, "id = $3", []any{"a"}},
		"unequal":      {`id != 'a b'`, `id!="a b"`, "id <> $3", []any{"a b"}},
		"escapes":      {`id = "\"\\\'" AND id = '"'`, `id="\"\\'" AND id="\""`, "id = $3 AND id = $4", []any{`"\'`, `"`}},
		"folded":       {"name>=ÄBC", `name>="Äbc"`, "lower(name) >= $3", []any{"Äbc"}},
		"colon":        {"id:a", `id="a"`, "id = $3", []any{"a"}},
		"prefix":       {"name:Ab*", `name:"ab*"`, "(lower(name) >= $3 AND lower(name) < $4)", []any{"ab", "ac"}},
		"star prefix":  {`id:"a**"`, `id:"a**"`, "(id >= $3 AND id < $4)", []any{"a*", "a+"}},
		"last rune":    {"id:a\U0010FFFF*", "id:\"a\U0010FFFF*\"", "(id >= $3 AND id < $4)", []any{"a\U0010FFFF", "b"}},
		"all last":     {"id:\U0010FFFF*", "id:\"\U0010FFFF*\"", "(id >= $3)", []any{"\U0010FFFF"}},
		"surrogates":   {"id:\uD7FF*", "id:\"\uD7FF*\"", "(id >= $3 AND id < $4)", []any{"\uD7FF", "\uE000"}},
		"not prefix":   {"-note:a*", `NOT note:"a*"`, "(note < $3 OR note >= $4 OR note IS NULL)", []any{"a", "b"}},
		"literal star": {"id = a*", `id="a*"`, "id = $3", []any{"a*"}},
		"present":      {"note:*", "note:*", "note IS NOT NULL", nil},
		"absent":       {"NOT note:*", "NOT note:*", "note IS NULL", nil},
		"always":       {"id:*", "id:*", "1 = 1", nil},
		"never":        {"-id:*", "NOT id:*", "1 = 0", nil},
		"integer":      {"age < -5", "age<-5", "age < $3", []any{int64(-5)}},
		"quoted":       {`age = "5"`, "age=5", "age = $3", []any{int64(5)}},
		"number":       {"score > 1e2", "score>100", "score > $3", []any{100.0}},
		"minus zero":   {"score = -0", "score=0", "score = $3", []any{0.0}},
		"boolean":      {"active = true", "active=true", "active = $3", []any{true}},
		"time": {"seen_at <= 2026-01-31T12:00:00.5+01:00", "seen_at<=2026-01-31T11:00:00.5Z", "people.seen <= $3",
			[]any{int64(1769857200500000)}},
		"day":         {`seen_at>"2026-01-31"`, "seen_at>2026-01-31T00:00:00Z", "people.seen > $3", []any{int64(1769817600000000)}},
		"enum":        {"state:late", `state="late"`, "state = $3", []any{"late"}},
		"set":         {"tags:a*", `tags:"a*"`, "(EXISTS (SELECT 1 FROM tags t WHERE t.person = people.id AND t.tag = $3))", []any{"a*"}},
		"not set":     {"NOT tags:a", `NOT tags:"a"`, "NOT (EXISTS (SELECT 1 FROM tags t WHERE t.person = people.id AND t.tag = $3))", []any{"a"}},
		"null other":  {"note != a", `note!="a"`, "(note <> $3 OR note IS NULL)", []any{"a"}},
		"not unequal": {"NOT note != a", `NOT note!="a"`, "note = $3", []any{"a"}},
		"not less":    {"NOT score < 1", `NOT score<1`, "(score >= $3 OR score IS NULL)", []any{1.0}},
		"or first":    {"id=a AND id=b OR id=c", `id="a" AND id="b" OR id="c"`, "id = $3 AND (id = $4 OR id = $5)", []any{"a", "b", "c"}},
		"parentheses": {"(id=a AND id=b)OR id=c", `(id="a" AND id="b") OR id="c"`, "((id = $3 AND id = $4) OR id = $5)", []any{"a", "b", "c"}},
		"flattened":   {"((id=a) AND (id=b AND (id=c)))", `id="a" AND id="b" AND id="c"`, "id = $3 AND id = $4 AND id = $5", []any{"a", "b", "c"}},
		"De Morgan":   {"NOT(id=a AND (id=b OR -id=c))", `NOT (id="a" AND id="b" OR NOT id="c")`, "(id <> $3 OR (id <> $4 AND id = $5))", []any{"a", "b", "c"}},
		"not or":      {"-(id=a OR id=b)", `NOT (id="a" OR id="b")`, "id <> $3 AND id <> $4", []any{"a", "b"}},
		"twice not":   {"NOT (NOT (id=a))", `id="a"`, "id = $3", []any{"a"}},
		"injection":   {`id = "' OR 1=1 --"`, `id="' OR 1=1 --"`, "id = $3", []any{"' OR 1=1 --"}},
	} {
		f, err := s.Filter(c.text)
		if err != nil {
			t.Errorf("%s: %q: %v", name, c.text, err)
			continue
		}
		sql, args := f.SQL(query.SQLite, 3)
		if f.String() != c.canonical || sql != c.sql || !reflect.DeepEqual(args, c.args) {
			t.Errorf("%s: %q:\ngot  %s\n     %s %v\nwant %s\n     %s %v", name, c.text, f, sql, args, c.canonical, c.sql, c.args)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	s := people(t)
	deep := strings.Repeat("(", 8) + "id=a" + strings.Repeat(")", 8)
	many := strings.Repeat("id=a OR ", 31) + "id=a"
	long := "id=" + strings.Repeat("a", query.MaxFilter-3)
	for _, text := range []string{deep, many, long} {
		if _, err := s.Filter(text); err != nil {
			t.Errorf("%.40q…: %v, want it at the limit", text, err)
		}
	}
	for text, want := range map[string]query.Error{
		"(" + deep + ")":                         {Offset: 8, Detail: "Parentheses and NOT may be inside each other 8 times at most."},
		many + " OR id=a":                        {Offset: 256, Detail: "A filter has at most 32 comparisons."},
		long + "a":                               {Offset: 2048, Detail: "The filter is longer than 2048 bytes."},
		"id=\xff":                                {Offset: 3, Detail: "The filter has a character that is not text."},
		"id='\x00'":                              {Offset: 4, Detail: "The filter has a character that is not text."},
		"color = red":                            {Offset: 0, Detail: "There is no field color to filter by; there is id, name, note, age, score, active, seen_at, state, tags."},
		"id=a AND secret=":                       {Offset: 9, Detail: "There is no field secret to filter by; there is id, name, note, age, score, active, seen_at, state, tags."},
		"id":                                     {Offset: 2, Detail: "The filter ends where an operator after id, such as = != < <= > >= : should follow."},
		"id a":                                   {Offset: 3, Detail: "Here should be an operator after id, such as = != < <= > >= :, not a."},
		"id.x = a":                               {Offset: 2, Detail: "Here should be an operator after id, such as = != < <= > >= :, not .."},
		"id =":                                   {Offset: 4, Detail: "The filter ends where a value for id should follow."},
		"id = (a)":                               {Offset: 5, Detail: "Here should be a value after id=, not (."},
		"id = OR":                                {Offset: 5, Detail: "Put OR in quotes if it is a value."},
		"id = 'a":                                {Offset: 5, Detail: "This string is not closed."},
		`id = "a\n"`:                             {Offset: 7, Detail: "A backslash escapes a quote or a backslash only."},
		`id = "a\`:                               {Offset: 7, Detail: "A backslash escapes a quote or a backslash only."},
		"id=a id=b":                              {Offset: 5, Detail: "Here should be AND, OR or the end of the filter, not id."},
		"id=a and id=b":                          {Offset: 5, Detail: "Write AND in capital letters."},
		"id=a)":                                  {Offset: 4, Detail: "Here should be AND, OR or the end of the filter, not )."},
		"(id=a":                                  {Offset: 0, Detail: "This parenthesis is not closed."},
		"(id=a id=b)":                            {Offset: 6, Detail: "Here should be AND, OR or a closing parenthesis, not id."},
		"id=a AND":                               {Offset: 8, Detail: "The filter ends where the name of a field should follow."},
		"AND id=a":                               {Offset: 0, Detail: "Here should be the name of a field, not AND."},
		"--id=a":                                 {Offset: 1, Detail: "Here should be the name of a field, not -."},
		"(é)":                                    {Offset: 1, Detail: "Here should be the name of a field, not é."},
		"active < true":                          {Offset: 7, Detail: "active cannot be compared by <. Use =, != or :."},
		"tags = a":                               {Offset: 5, Detail: "tags cannot be compared by =. Use :."},
		"active = 1":                             {Offset: 9, Detail: "active is compared with true or false."},
		"age = 1.5":                              {Offset: 6, Detail: "age is compared with a whole number of 64 bits, such as 42."},
		"age = 0x10":                             {Offset: 6, Detail: "age is compared with a whole number of 64 bits, such as 42."},
		"age = +1":                               {Offset: 6, Detail: "age is compared with a whole number of 64 bits, such as 42."},
		"age = ''":                               {Offset: 6, Detail: "age is compared with a whole number of 64 bits, such as 42."},
		"age = 9223372036854775808":              {Offset: 6, Detail: "age is compared with a whole number of 64 bits, such as 42."},
		"age:1*":                                 {Offset: 4, Detail: "age is not text, so it has no beginning to ask for. Leave out the star."},
		"score = NaN":                            {Offset: 8, Detail: "score is compared with a number, such as 4.2."},
		"score = 1e999":                          {Offset: 8, Detail: "score is compared with a number, such as 4.2."},
		"score = 0x1p3":                          {Offset: 8, Detail: "score is compared with a number, such as 4.2."},
		"state = gone":                           {Offset: 8, Detail: "state is one of open, late, done."},
		"seen_at > yesterday":                    {Offset: 10, Detail: "seen_at is compared with a time such as 2026-01-31T12:00:00Z or a day such as 2026-01-31."},
		"seen_at > 2026-02-30":                   {Offset: 10, Detail: "seen_at is compared with a time such as 2026-01-31T12:00:00Z or a day such as 2026-01-31."},
		"seen_at > 2026-01-31T12:00:00.0000001Z": {Offset: 10, Detail: "seen_at has no more than microseconds."},
		"seen_at > 9999-12-31T23:59:59-01:00":    {Offset: 10, Detail: "seen_at lies between the years 0 and 9999."},
	} {
		_, err := s.Filter(text)
		e, ok := errors.AsType[*query.Error](err)
		if want.Parameter = "filter"; !ok || *e != want {
			t.Errorf("%.60q:\ngot  %+v\nwant %+v", text, err, want)
		}
	}
}

func TestFilterOfNothing(t *testing.T) {
	t.Parallel()
	_, err := schema(t, query.Field{Name: "a", Kind: query.Text}).Filter("a=b")
	if e, ok := errors.AsType[*query.Error](err); !ok || e.Detail != "There is no field a to filter by." {
		t.Errorf("got %v", err)
	}
	var f *query.Filter
	if sql, args := f.SQL(query.PostgreSQL, 1); sql != "" || args != nil || f.String() != "" || !f.Match(nil) {
		t.Errorf("a nil filter: got %q, %v, %q", sql, args, f)
	}
}

// What Go rows hold is not always what the database binds.
func TestMatchReadsGoValues(t *testing.T) {
	t.Parallel()
	type color string
	text, age := "Ada", uint8(36)
	var none *string
	for filter, value := range map[string]any{
		"name=ADA":           &text,
		"name!=ada":          none,
		"state=open":         color("open"),
		"age=36":             &age,
		"score=36":           36,
		"score=0.5":          float32(0.5),
		"score!=1":           "one",
		"-active:*":          "true",
		"-seen_at:*":         "",
		"tags:red":           []color{"blue", "red"},
		"-tags:red":          "red",
		"seen_at=1970-01-01": int64(0),
		"score=18e18":        uint64(18e18),
		"NOT state:*":        []string{"open"},
		"active=true":        func() any { b := true; return &b }(),
	} {
		f, err := people(t).Filter(filter)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		if !f.Match(func(string) any { return value }) {
			t.Errorf("%s: %v does not match", filter, value)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]query.Field{
		"the name":                   {Name: "Name", Kind: query.Text},
		`"lower(a)" is not the name`: {Name: "a", Column: "lower(a)", Kind: query.Text},
		"no kind":                    {Name: "a"},
		"only an enum":               {Name: "a", Kind: query.Text, Values: []string{"x"}},
		"an enum, and":               {Name: "a", Kind: query.Enum},
		"upper and lower case":       {Name: "a", Kind: query.Integer, Fold: true},
		"a set has no order":         {Name: "a", Kind: query.Set, Sort: true},
		"only a set has a condition": {Name: "a", Kind: query.Text, Has: "?"},
		"a condition with one ?":     {Name: "a", Kind: query.Set, Filter: true, Has: "x = ? AND y = ?"},
	} {
		if _, err := query.NewSchema(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", f, err, want)
		}
	}
	a := query.Field{Name: "a", Kind: query.Text}
	if _, err := query.NewSchema(a, a); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a field twice: got %v", err)
	}
	if f, ok := schema(t, a).Field("a"); !ok || f.Column != "a" || f.Operators() != nil || f.Kind.String() != "text" {
		t.Errorf("got %+v", f)
	}
}
