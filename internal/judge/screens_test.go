package judge_test

import "strings"

// callScreens calls what the screens of layouts, jobs, resources and the system
// stand on.
func callScreens(l *live, call callFunc) {
	const layout = `{"items":[{"module":"system","panel":"cpu","width":2,"height":1,"hidden":false}]}`
	call(200, "GET", "/system", "")
	call(303, "GET", "/docs", "")
	call(200, "GET", "/auth/me/layout", "")
	call(200, "PUT", "/auth/me/layout", layout)
	call(204, "DELETE", "/auth/me/layout", "")

	call(201, "POST", "/roles", `{"name":"screens","title":"Screens","permissions":["dashboard.system.read"],"inherits":[]}`)
	call(200, "GET", "/roles/screens", "")
	call(200, "PATCH", "/roles/screens", `{"title":"The screens"}`)
	call(200, "PUT", "/roles/screens/layout", layout)
	call(200, "GET", "/roles/screens/layout", "")
	call(204, "DELETE", "/roles/screens/layout", "")
	call(200, "GET", "/roles.csv", "")
	call(200, "GET", "/roles.ndjson", "")
	call(200, "POST", "/roles/actions/delete", `{"ids":["screens"]}`)

	_, made := call(201, "POST", "/users", `{"email":"screens@example.com","name":"Screens","roles":[]}`)
	ids := `{"ids":["` + l.field(made, "id") + `"]}`
	call(200, "POST", "/users/actions/disable", ids)
	call(200, "POST", "/users/actions/enable", ids)
	call(200, "GET", "/users.csv", "")
	call(200, "GET", "/users.ndjson", "")
	call(200, "GET", "/resources", "")
	call(200, "GET", "/resources/dashboard/users", "")

	const limit = `{"policy":"100/m burst 20"}`
	call(200, "GET", "/limits", "")
	call(200, "GET", "/limits/refused", "")
	call(200, "GET", "/limits/caller", "")
	call(200, "PUT", "/limits/login-address", limit)
	call(200, "DELETE", "/limits/login-address", "")
	call(200, "PUT", "/limits/caller/keys/"+email, `{"policy":"6000/m burst 1500"}`)
	call(200, "DELETE", "/limits/caller/keys/"+email, "")

	_, jobs := call(200, "GET", "/jobs", "")
	name := l.field(jobs, "items", "0", "name")
	if name == "" || !strings.HasPrefix(l.field(jobs, "items", "0", "module"), "system") {
		l.t.Fatalf("no job of module system: %s", jobs)
	}
	call(202, "POST", "/jobs/system/"+name+"/run", "")
	call(200, "GET", "/jobs/system/"+name+"/runs", "")
}
