// Package migrations carries the schema: plain SQL for goose, one folder a
// database, the same file names in both. The first line of a file names the room
// that owns its tables. A file is never edited once released.
package migrations

import "embed"

// Files holds the folders postgres and sqlite.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
