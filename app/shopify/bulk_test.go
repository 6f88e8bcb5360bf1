package shopify

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
)

func readBulk(t *testing.T, r *BulkReader) (list []*BulkObject, end error) {
	t.Helper()
	for {
		o, err := r.Next()
		if err != nil {
			return list, err
		}
		list = append(list, o)
	}
}

func TestBulkReaderGroupsParksAndGoesOn(t *testing.T) {
	long := `{"id":"gid://shopify/Order/3","note":"` + strings.Repeat("x", maxBulkLine) + `"}`
	file := strings.Join([]string{
		`{"id":"gid://shopify/Order/1"}`,
		`{"id":"gid://shopify/LineItem/11","__parentId":"gid://shopify/Order/1"}`,
		`{"index":0,"__typename":"ManualDiscountApplication","__parentId":"gid://shopify/Order/1"}`,
		`{"id":"gid://shopify/Thing/111","__parentId":"gid://shopify/LineItem/11"}`,
		``,
		`not json`,
		long,
		`{"no":"id"}`,
		`[1]`,
		`{"id":"gid://shopify/LineItem/99","__parentId":"gid://shopify/Order/98"}`,
		`{"id":"gid://shopify/Order/2"}`, // the last line has no end
	}, "\n")
	list, end := readBulk(t, NewBulkReader(strings.NewReader(file), 0))
	if end != io.EOF {
		t.Fatal(end)
	}
	want := []struct {
		gid      string
		children int
		err      error
	}{
		{"gid://shopify/Order/1", 3, nil}, {"", 0, errLineNoJSON}, {"", 0, errLineTooLong}, {"", 0, errLineNoID}, {"", 0, errLineNoJSON},
		{"gid://shopify/LineItem/99", 0, errLineOrphan}, {"gid://shopify/Order/2", 0, nil},
	}
	if len(list) != len(want) {
		t.Fatalf("%d objects, want %d", len(list), len(want))
	}
	for i, w := range want {
		if o := list[i]; o.GID != w.gid || len(o.Children) != w.children || o.Err != w.err {
			t.Errorf("%d: %s with %d children, %v, want %+v", i, o.GID, len(o.Children), o.Err, w)
		}
	}
	if list[len(list)-1].End != int64(len(file)) {
		t.Errorf("ends at %d of %d", list[len(list)-1].End, len(file))
	}
	// Whoever goes on at the end of any object reads what is left.
	for i, o := range list {
		rest, _ := readBulk(t, NewBulkReader(strings.NewReader(file[o.End:]), o.End))
		if len(rest) != len(list)-i-1 {
			t.Errorf("behind object %d: %d objects, want %d", i, len(rest), len(list)-i-1)
		}
		for k, r := range rest {
			if again := list[i+1+k]; r.Start < o.End || r.End != again.End || r.GID != again.GID {
				t.Errorf("behind object %d: %+v, want %+v", i, r, again)
			}
		}
	}
}

func TestBulkReaderReturnsNoHalfObject(t *testing.T) {
	whole := "{\"id\":\"gid://shopify/Order/1\"}\n{\"id\":\"gid://shopify/Order/2\"}\n{\"id\":\"gid://shopify/LineItem/21\",\"__parentId\":\"gid://shopify/Order/2\"}\n"
	broken := errors.New("connection reset")
	for cut := range len(whole) {
		list, end := readBulk(t, NewBulkReader(io.MultiReader(strings.NewReader(whole[:cut]), iotest.ErrReader(broken)), 0))
		if end != broken {
			t.Fatalf("cut at %d: %v", cut, end)
		}
		if len(list) > 1 || len(list) == 1 && list[0].End != 31 {
			t.Errorf("cut at %d: %d objects", cut, len(list))
		}
	}
}

func TestBulkReaderBoundsAnObject(t *testing.T) {
	var b strings.Builder
	b.WriteString("{\"id\":\"gid://shopify/Order/1\"}\n")
	child := fmt.Sprintf("{\"id\":\"gid://shopify/LineItem/2\",\"__parentId\":\"gid://shopify/Order/1\",\"title\":%q}\n", strings.Repeat("t", 3<<20))
	for range 7 {
		b.WriteString(child)
	}
	b.WriteString("{\"id\":\"gid://shopify/Order/2\"}\n")
	list, _ := readBulk(t, NewBulkReader(strings.NewReader(b.String()), 0))
	if len(list) != 2 || list[0].Err != errTooBig || len(list[0].Children) != 0 || list[1].Err != nil {
		t.Errorf("%d objects, the first: %v", len(list), list[0].Err)
	}
}

func TestHostileObjectsAreErrorsWithoutContent(t *testing.T) {
	for _, line := range []string{
		`{"id":"gid://shopify/Order/1","name":{"secret":"canary"}}`, `{"id":"canary"}`, `{"id":"gid://shopify/Order/0"}`,
		`{"id":"gid://shopify/Order/1","totalPriceSet":{"shopMoney":{"amount":"canary","currencyCode":"USD"}}}`, `{"id":7}`,
		`{"id":"gid://shopify/Order/1","createdAt":"canary"}`,
	} {
		list, _ := readBulk(t, NewBulkReader(strings.NewReader(line), 0))
		if len(list) != 1 {
			t.Fatalf("%s: %d objects", line, len(list))
		}
		if _, err := list[0].Order(); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestBulkAddresses(t *testing.T) {
	sim, _ := url.Parse("http://127.0.0.1:8081")
	for _, c := range []struct {
		address   string
		real, sim bool
	}{
		{"https://storage.googleapis.com/shopify-tiers-assets-prod-us-east1/bulk-operation-outputs/x?Signature=y", true, false},
		{"http://storage.googleapis.com/shopify-tiers-assets/x", false, false},
		{"https://storage.googleapis.com/somebody-else/x", false, false},
		{"https://storage.googleapis.com/shopify/../somebody-else/x", false, false},
		{"https://storage.googleapis.com.evil.example/shopify/x", false, false},
		{"https://storage.googleapis.com@evil.example/shopify/x", false, false},
		{"https://u:p@storage.googleapis.com/shopify/x", false, false},
		{"https://storage.googleapis.com:444/shopify/x", false, false},
		{"http://127.0.0.1:8081/sim/files/bulk/x", false, true},
		{"http://127.0.0.1:8081/admin", false, false},
		{"http://127.0.0.1:8082/sim/files/bulk/x", false, false},
		{"http://169.254.169.254/latest/meta-data", false, false},
		{"file:///etc/passwd", false, false},
		{"", false, false},
	} {
		if _, err := (&App{}).bulkURL(c.address); (err == nil) != c.real {
			t.Errorf("%q: %v", c.address, err)
		}
		if _, err := (&App{sim: sim}).bulkURL(c.address); (err == nil) != c.sim {
			t.Errorf("%q beside the simulation: %v", c.address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:443", "10.0.0.1:443", "192.168.1.1:443", "169.254.169.254:80", "[::1]:443", "[fd00::1]:443", "[::ffff:10.0.0.1]:443", "0.0.0.0:443", "nonsense"} {
		if publicOnly("tcp", address, nil) == nil {
			t.Errorf("%s may be dialed", address)
		}
	}
	if err := publicOnly("tcp", "142.250.1.128:443", nil); err != nil {
		t.Error(err)
	}
}
