package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

// Notice is a form: title and doc are for people, validate decides.
type Notice struct {
	Text  string `json:"text" validate:"required,max=60" title:"Text" doc:"What everybody reads."`
	Level string `json:"level" validate:"oneof=info warning" title:"Level"`
}

// A form panel needs neither HTML nor JavaScript: its fields come from a struct,
// and what a person sends arrives validated.
func ExampleForm() {
	post := dashboard.NewPermission("notice.post", "Post notices")
	board := dashboard.Func(dashboard.Manifest{
		ID: "board", Version: "1.0.0", Permissions: []dashboard.Permission{post},
	}, func(r *dashboard.Router) error {
		r.Panel(dashboard.Form("post", "Post a notice",
			func(context.Context) (Notice, error) { return Notice{Level: "info"}, nil },
			func(_ context.Context, n Notice) (dashboard.FormResult, error) {
				return dashboard.FormResult{Message: "Posted: " + n.Text}, nil
			}, dashboard.Require(post)))
		return nil
	})

	d, stop := startDemo(board)
	defer stop()
	const path = "/api/v1/m/board/panels/post"
	var form dashboard.FormData[Notice]
	err := json.Unmarshal(d.do(d.owner, "GET", path, "").Body.Bytes(), &form)
	fmt.Printf("%+v %t %v\n", form.Values, json.Valid(form.Schema), err)
	d.show(d.owner, "POST", path, `{"text":"Coffee is back","level":"info"}`)
	d.show(d.owner, "POST", path, `{"text":"","level":"info"}`)
	// Output:
	// {Text: Level:info} true <nil>
	// 200 {"message":"Posted: Coffee is back"}
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     /text must not be empty
}
