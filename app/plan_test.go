package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// plan lists every folder of app/ from the ground up. A folder may import only
// the folders named before it.
var plan = strings.Fields(`
	clock ids money problem locale photo
	store queue shopify outbound web mail room
	shops customers messages orders
	policy tracking changes offers
	boot`)

// beside stands next to the house: it knows the ground, and only the roof knows it.
var beside = map[string][]string{"shopsim": {"clock", "ids", "money", "problem", "locale"}}

// keepers names the files that may touch a framework.
var keepers = map[string][]string{
	"gorm.io/":                    {"store/*.go", "store/*/*.go", "queue/*.go", "*/store*.go"},
	"github.com/gin-gonic/gin":    {"web/*.go"},
	"github.com/hibiken/asynq":    {"queue/*.go", "queue/*/*.go", "boot/*.go"},
	"github.com/bold-commerce/":   {"shopify/*.go", "orders/*.go", "customers/*.go"},
	"github.com/osteele/liquid":   {"mail/*.go", "shopsim/theme.go"}, // the simulation renders the app's theme blocks as Shopify does
	"github.com/wneessen/go-mail": {"mail/*.go", "mail/*/*.go"},
}

const here = "afterglow/app/"

// imports calls check for each import of each Go file in app/ that is not a test.
func imports(t *testing.T, check func(file, folder, imported string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		name = filepath.ToSlash(name)
		folder, _, below := strings.Cut(name, "/")
		if !below {
			return nil // main.go: the entrance may use the roof
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		for _, i := range parsed.Imports {
			check(name, folder, strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("read %d files: %v", files, err)
	}
}

func TestImportsOnlyPointBack(t *testing.T) {
	imports(t, func(file, folder, imported string) {
		room, ours := strings.CutPrefix(imported, here)
		if !ours {
			return
		}
		room, _, _ = strings.Cut(room, "/")
		if room == folder {
			return
		}
		if ground, ok := beside[folder]; ok {
			if !slices.Contains(ground, room) {
				t.Errorf("%s imports %s; %s stands beside the house and may use only %v", file, room, folder, ground)
			}
			return
		}
		if _, ok := beside[room]; ok {
			if folder != "boot" {
				t.Errorf("%s imports %s, which only the roof may", file, room)
			}
			return
		}
		from, to := slices.Index(plan, folder), slices.Index(plan, room)
		if from < 0 {
			t.Errorf("%s: the folder %s is not on the plan", file, folder)
		} else if to >= from || to < 0 {
			t.Errorf("%s imports %s, which comes after it in the story", file, room)
		}
	})
}

func TestFrameworksStayWithTheirKeepers(t *testing.T) {
	imports(t, func(file, _, imported string) {
		for framework, allowed := range keepers {
			if !strings.HasPrefix(imported, framework) {
				continue
			}
			kept := slices.ContainsFunc(allowed, func(pattern string) bool {
				ok, _ := path.Match(pattern, file)
				return ok
			})
			if !kept {
				t.Errorf("%s imports %s; only %v may", file, imported, allowed)
			}
		}
	})
}

func TestEveryFolderIsOnThePlan(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() {
			found = append(found, e.Name())
			if _, ok := beside[e.Name()]; !ok && !slices.Contains(plan, e.Name()) {
				t.Errorf("app/%s is not on the plan", e.Name())
			}
		}
	}
	for _, name := range plan {
		if !slices.Contains(found, name) {
			t.Errorf("the plan names app/%s, which does not exist", name)
		}
	}
}

var tableName = regexp.MustCompile(`CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)

// Each table bears the name of the room that alone writes it.
func TestTablesBearTheirRoomsName(t *testing.T) {
	for _, name := range migrationNames(t, "postgres") {
		for _, dialect := range []string{"postgres", "sqlite"} {
			file := filepath.Join("..", "migrations", dialect, name)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
				continue
			}
			first, _, _ := bufio.NewReader(strings.NewReader(string(raw))).ReadLine()
			room, ok := strings.CutPrefix(string(first), "-- room: ")
			if !ok || !slices.Contains(plan, room) {
				t.Errorf("%s: the first line must name a room on the plan, as in `-- room: orders`", file)
				continue
			}
			if parts := strings.SplitN(name, "_", 3); len(parts) != 3 || parts[1] != room {
				t.Errorf("%s: want a name of the form NNNN_%s_what.sql", file, room)
			}
			for _, m := range tableName.FindAllStringSubmatch(string(raw), -1) {
				if m[1] != room && !strings.HasPrefix(m[1], room+"_") {
					t.Errorf("%s: table %s does not bear the name of room %s", file, m[1], room)
				}
			}
		}
	}
}

func migrationNames(t *testing.T, dialect string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("..", "migrations", dialect))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestMigrationsComeInPairs(t *testing.T) {
	postgres, sqlite := migrationNames(t, "postgres"), migrationNames(t, "sqlite")
	if len(postgres) == 0 || !slices.Equal(postgres, sqlite) {
		t.Errorf("migrations/postgres holds %v\nmigrations/sqlite holds   %v", postgres, sqlite)
	}
}

// TableName methods must answer with a constant, or the tests above see nothing.
func TestModelsNameTablesOfTheirOwnRoom(t *testing.T) {
	methods := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		folder, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "TableName" || f.Recv == nil {
				continue
			}
			methods++
			table := returned(f)
			if table != folder && !strings.HasPrefix(table, folder+"_") {
				t.Errorf("%s: table %q does not bear the name of room %s", name, table, folder)
			}
		}
		return nil
	})
	if err != nil || methods == 0 {
		t.Fatalf("found %d TableName methods: %v", methods, err)
	}
}

func returned(f *ast.FuncDecl) string {
	if len(f.Body.List) == 1 {
		if r, ok := f.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			if lit, ok := r.Results[0].(*ast.BasicLit); ok {
				return strings.Trim(lit.Value, `"`)
			}
		}
	}
	return fmt.Sprintf("(not a constant in %s)", f.Name.Name)
}
