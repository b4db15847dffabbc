// Package ratelimit decides how much each caller may use.
package ratelimit
