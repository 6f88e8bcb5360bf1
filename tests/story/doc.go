// Package story proves the promise of the whole house from outside: it starts the
// program as a newcomer would (`afterglow demo`) and speaks HTTP only. It needs
// bin/afterglow, which `make build` makes.
package story
