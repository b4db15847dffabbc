package featureflag_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// What flagd's operators come to. The others are judged by an interpreter of
// another project: see internal/judge.
func TestOperators(t *testing.T) {
	const data = `{"email":"ada@example.com","age":42,"plan":"pro","tags":["a","b"],"none":null,"user":{"name":"ada","roles":["admin"]},"version":"2.4.1","num":1.2,"targetingKey":"user-1"}`
	for _, test := range []struct{ name, rule, want string }{
		{"path", `{"var":"user.name"}`, `"ada"`},
		{"index", `{"var":"user.roles.0"}`, `"admin"`},
		{"default", `{"var":["missing","x"]}`, `"x"`},
		{"default of null", `{"var":["none",7]}`, `7`},
		{"no default needed", `{"var":["age",7]}`, `42`},
		{"flag key", `{"var":"$flagd.flagKey"}`, `"f"`},
		{"targeting key", `{"var":"targetingKey"}`, `"user-1"`},
		{"loose equality", `{"==":[{"var":"age"},"42"]}`, `true`},
		{"strict equality", `{"===":[{"var":"age"},"42"]}`, `false`},
		{"between", `{"<":[40,{"var":"age"},42]}`, `false`},
		{"between, ends included", `{"<=":[40,{"var":"age"},42]}`, `true`},
		{"and gives the last", `{"and":[true,"x"]}`, `"x"`},
		{"or gives the first", `{"or":[0,"","x","y"]}`, `"x"`},
		{"if without else", `{"if":[false,"a"]}`, `null`},
		{"else if", `{"if":[false,"a",true,"b","c"]}`, `"b"`},
		{"in a text", `{"in":["example",{"var":"email"}]}`, `true`},
		{"in a list", `{"in":["b",{"var":"tags"}]}`, `true`},
		{"missing", `{"missing":["age","nobody"]}`, `["nobody"]`},
		{"missing some", `{"missing_some":[2,["age","nobody"]]}`, `["nobody"]`},
		{"cat", `{"cat":["n",{"var":"age"}]}`, `"n42"`},
		{"substr", `{"substr":["jsonlogic",-5]}`, `"logic"`},
		{"substr of runes", `{"substr":["äöü",1,1]}`, `"ö"`},
		{"merge", `{"merge":[[1],2,[3]]}`, `[1,2,3]`},
		{"map", `{"map":[[1,2],{"*":[{"var":""},2]}]}`, `[2,4]`},
		{"filter with outer data", `{"filter":[[10,50],{">":[{"var":""},{"var":"age"}]}]}`, `[50]`},
		{"reduce", `{"reduce":[[1,2,3],{"+":[{"var":"current"},{"var":"accumulator"}]},0]}`, `6`},
		{"all", `{"all":[[1,2],{">":[{"var":""},0]}]}`, `true`},
		{"none of nothing", `{"none":[[],{">":[{"var":""},0]}]}`, `true`},
		{"log", `{"log":"x"}`, `"x"`},

		{"starts with", `{"starts_with":[{"var":"email"},"ada@"]}`, `true`},
		{"ends with", `{"ends_with":[{"var":"email"},"@example.com"]}`, `true`},
		{"ends with, of a number", `{"ends_with":[{"var":"age"},"2"]}`, `null`},
		{"starts with, one operand", `{"starts_with":["a"]}`, `null`},

		{"version equal", `{"sem_ver":["1.0.0+a","=","v1.0.0+b"]}`, `true`},
		{"version not equal", `{"sem_ver":["1.0.0","!=","1.0.1"]}`, `true`},
		{"version less", `{"sem_ver":["1.9.0","<","1.10.0"]}`, `true`},
		{"version less or equal", `{"sem_ver":["1.10.0","<=","1.10"]}`, `true`},
		{"version greater", `{"sem_ver":["1.0.0",">","1.0.0-rc.1"]}`, `true`},
		{"version greater or equal", `{"sem_ver":[{"var":"version"},">=","2.4.1"]}`, `true`},
		{"version of a prerelease", `{"sem_ver":["1.0.0-rc.2","<","1.0.0-rc.10"]}`, `true`},
		{"version numbers before texts", `{"sem_ver":["1.0.0-2","<","1.0.0-a"]}`, `true`},
		{"version of more parts", `{"sem_ver":["1.0.0-a",">=","1.0.0-a.1"]}`, `false`},
		{"same major", `{"sem_ver":[{"var":"version"},"^","2.0.0"]}`, `true`},
		{"another major", `{"sem_ver":[{"var":"version"},"^","3"]}`, `false`},
		{"same minor", `{"sem_ver":[{"var":"version"},"~","2.4"]}`, `true`},
		{"another minor", `{"sem_ver":[{"var":"version"},"~","2.5.0"]}`, `false`},
		{"version of a number", `{"sem_ver":[{"var":"num"},">","1.1"]}`, `true`},
		{"huge versions", `{"sem_ver":["99999999999999999999.0.0",">","99999999999999999998.0.0"]}`, `true`},
		{"no version", `{"sem_ver":["1.0.0.0","=","1.0.0"]}`, `null`},
		{"leading zero", `{"sem_ver":["01.0.0","=","1.0.0"]}`, `null`},
		{"empty prerelease", `{"sem_ver":["1.0.0-","=","1.0.0"]}`, `null`},
		{"no operator", `{"sem_ver":["1.0.0","===","1.0.0"]}`, `null`},
		{"two operands", `{"sem_ver":["1.0.0","="]}`, `null`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := outcome(t, test.rule, &featureflag.Context{Attributes: attributes(t, data)})
			if got != test.want {
				t.Errorf("%s: got %s, want %s", test.rule, got, test.want)
			}
		})
	}
}

// Rules as flags have them, which the compiler makes one instruction of, agree
// with the same rules watched by Explain.
func TestShapesAgreeWithOperators(t *testing.T) {
	values := []any{nil, true, false, 0, 1, 18, 18.5, "", "18", "abc", "abcdef", "v1.2.3", "2.0.0", "nope", []any{"abc"}, []string{"abc"},
		map[string]any{"a": 1}, int8(18), uint64(18), float32(18), []int{18}, struct{}{}, new("abc")}
	for _, test := range []string{
		`{"==":[{"var":"x"},"abc"]}`, `{"==":["18",{"var":"x"}]}`, `{"!=":[{"var":"x"},"abc"]}`, `{"===":[{"var":"x"},"18"]}`, `{"!==":[{"var":"x"},"18"]}`,
		`{"==":[{"var":"x"},18]}`, `{"===":[{"var":"x"},18]}`, `{"!=":[18,{"var":"x"}]}`, `{"!==":[18,{"var":"x"}]}`,
		`{"<":[{"var":"x"},18]}`, `{"<=":[{"var":"x"},18]}`, `{">":[{"var":"x"},18]}`, `{">=":[{"var":"x"},18]}`, `{">=":[{"var":"x"},0]}`, `{"<=":[0,{"var":"x"}]}`,
		`{"<":[18,{"var":"x"}]}`, `{">":[18,{"var":"x"}]}`,
		`{"in":[{"var":"x"},["abc","18"]]}`, `{"in":[{"var":"x"},["a","b","c","d","e","f","g","h","abc"]]}`,
		`{"starts_with":[{"var":"x"},"abc"]}`, `{"ends_with":[{"var":"x"},"def"]}`, `{"starts_with":["abcdef",{"var":"x"}]}`,
		`{"sem_ver":[{"var":"x"},">","1.2"]}`, `{"sem_ver":["1.2",">",{"var":"x"}]}`,
		`{"fractional":[{"var":"x"},["a",1],["b",1]]}`, `{"fractional":[{"cat":[{"var":"x"},"-",{"var":"x"}]},["a",1],["b",1]]}`,
		`{"fractional":[{"cat":[" ",{"var":"x"}]},["a",1],["b",1]]}`, `{"fractional":[{"cat":[{"var":"x"}," "]},["a",1],["b",1]]}`, `{"fractional":[["a",1],["b"],["c",null]]}`, `{"fractional":[null,["a",1]]}`,
		`{"fractional":["fixed",["a",1],["b",1]]}`, `{"fractional":[["a",1.5]]}`, `{"fractional":[["a","1"]]}`, `{"fractional":[["a",0]]}`,
		`{"fractional":[["a",2147483647],["b",1]]}`, `{"fractional":[]}`, `{"fractional":[["a",-1],["b",1]]}`, `{"fractional":[[true,1]]}`,
		`{"and":[{"var":"x"},{"!":[{"var":"x"}]}]}`, `{"!":{"var":"x"}}`, `{"or":[{"==":[{"var":"x"},"abc"]},{"!":[{"==":[{"var":"x"},"18"]}]}]}`,
	} {
		plain := ruleSet(t, test)
		inIf := ruleSet(t, `{"if":[`+test+`,"a","b"]}`)
		for _, value := range values {
			c := &featureflag.Context{TargetingKey: "user-1", Attributes: map[string]any{"x": value}}
			for _, set := range []*featureflag.Set{plain, inIf} {
				got, want := set.Evaluate("f", c), set.Explain("f", c)
				if got.Variant != want.Variant || got.Reason != want.Reason || got.Code != want.Code {
					t.Errorf("%s with %#v: evaluated to %q %s %s, explained as %q %s %s", test, value,
						got.Variant, got.Reason, got.Code, want.Variant, want.Reason, want.Code)
				}
			}
		}
	}
}

// Missing attributes and contexts are null.
func TestNobodyAsks(t *testing.T) {
	set := ruleSet(t, `{"if":[{"==":[{"var":"plan"},"pro"]},"a",{"fractional":[["b",1]]}]}`)
	for _, c := range []*featureflag.Context{nil, {}, {Attributes: map[string]any{"targetingKey": ""}}, {Attributes: map[string]any{"targetingKey": 7}}} {
		if got := set.Evaluate("f", c); got.Variant != "d" || got.Reason != featureflag.ReasonDefault {
			t.Errorf("%+v: got %q %s, want the default", c, got.Variant, got.Reason)
		}
	}
	c := &featureflag.Context{Attributes: map[string]any{"targetingKey": "user-1"}}
	if got := set.Evaluate("f", c); got.Variant != "b" {
		t.Errorf("got %q, want what the attribute targetingKey buckets", got.Variant)
	}
}
