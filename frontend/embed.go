// Package frontend carries the built admin inside the binary.
//
// The build writes dist/: index.html, which the server completes (it holds the
// tokens %API_KEY%, %APP_BRIDGE_URL% and %POLARIS_URL%), and assets/ with
// content-hashed names. A checkout without a build holds only dist/.gitkeep, so
// the package always compiles; a server that finds no index.html says so.
package frontend

import "embed"

// Dist is the folder dist as it was when the binary was built.
//
//go:embed all:dist
var Dist embed.FS
