package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
)

const shopPage = "the shop"

// routers makes the host's own router around a dashboard.
func routers() map[string]func(dashboard http.Handler) http.Handler {
	return map[string]func(http.Handler) http.Handler{
		"net/http": withServeMux, "chi": withChi, "gin": withGin, "echo": withEcho,
	}
}

func withServeMux(dashboard http.Handler) http.Handler {
	r := http.NewServeMux()
	r.HandleFunc("GET /shop", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(shopPage)) })
	r.Handle(prefix, dashboard)
	r.Handle(prefix+"/", dashboard)
	return r
}

func withChi(dashboard http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Get("/shop", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(shopPage)) })
	r.Mount(prefix, dashboard)
	return r
}

func withGin(dashboard http.Handler) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.GET("/shop", func(c *gin.Context) { c.String(http.StatusOK, shopPage) })
	r.Any(prefix, gin.WrapH(dashboard))
	r.Any(prefix+"/*path", gin.WrapH(dashboard))
	return r
}

func withEcho(dashboard http.Handler) http.Handler {
	r := echo.New()
	r.GET("/shop", func(c echo.Context) error { return c.String(http.StatusOK, shopPage) })
	r.Any(prefix, echo.WrapHandler(dashboard))
	r.Any(prefix+"/*", echo.WrapHandler(dashboard))
	return r
}
