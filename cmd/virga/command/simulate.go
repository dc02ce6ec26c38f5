package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

// A simulation is what the flags of rules simulate say, and then the question made
// of them.
type simulation struct {
	rules, op, id, doc, data string
	where                    *string
	auth                     rules.Auth
	static, filters          bool
}

var errRefused = errors.New("the rules do not allow it")

func newRulesSimulate(s Streams) *cobra.Command {
	var sim simulation
	var where string
	cmd := &cobra.Command{
		Use:   "simulate --op OPERATION [--rules FILE] [DATABASE COLLECTION]",
		Short: "Try what rules say to an operation, and how they come to it",
		Long: `Try what the rules in FILE, or those of a collection, say to an operation, and print
how they come to it: to a query with --where, or without any condition; to an
operation on one document, given by --doc, or stored in DATABASE under --id. In a
database, get() reads what is there; nothing is written. The exit code is 1 when the
rules do not allow the operation.`,
		Example: `  virga rules simulate --rules notes.rules.json --op read --openid alice --where '{"_openid": "{openid}"}'
  virga rules simulate --rules notes.rules.json --op update --openid alice --id n1 --data '{"status": "done"}' shop.virga notes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return misused(errors.New("a database comes with the collection meant"))
			}
			return takes(0, 2, "DATABASE COLLECTION")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("where") {
				sim.where = &where
			}
			return sim.run(cmd.Context(), s, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&sim.rules, "rules", "", `the file with the rules, "-" for standard input; without it those of the collection`)
	f.StringVar(&sim.op, "op", "", "read, create, update or delete")
	f.StringVar(&sim.auth.OpenID, "openid", "", "the caller's openid; without openid and uid nobody is logged in")
	f.StringVar(&sim.auth.UID, "uid", "", "the caller's uid")
	f.StringVar(&sim.auth.LoginType, "login", "", "the caller's login type, such as ANONYMOUS")
	f.StringVar(&where, "where", "", "the conditions of a query as JSON")
	f.StringVar(&sim.doc, "doc", "", "the document as JSON: the stored one, or the one to create")
	f.StringVar(&sim.id, "id", "", `the _id of the stored document: 5 is a number, "5" in quotes and everything else a string`)
	f.StringVar(&sim.data, "data", "", "what an update writes, as JSON; for request.data")
	f.BoolVar(&sim.static, "static", false, "judge an operation on one id without a look at the document, as the mini program's database does")
	f.BoolVar(&sim.filters, "filters", false, "take read rules as filters")
	return cmd
}

// run tries the operation and prints the verdict.
func (sim *simulation) run(ctx context.Context, s Streams, args []string) error {
	r, call, q, err := sim.parse(s)
	if err != nil {
		return err
	}
	switch {
	case len(args) > 0:
	case r == nil:
		return misused(errors.New("--rules is needed, or a database and a collection"))
	case sim.id != "":
		return misused(errors.New("--id needs a database and a collection"))
	default:
		return sim.judge(ctx, s, r, call, q)
	}
	return reading(args[0], func(db *virga.DB) error {
		return sim.inDatabase(ctx, s, db, args[1], r, call, q)
	})
}

// inDatabase tries the operation on a collection; r may be nil.
func (sim *simulation) inDatabase(ctx context.Context, s Streams, db *virga.DB, name string, r *rules.Rules, call *rules.Call, q rules.Question) error {
	if r == nil {
		coll, err := existing(ctx, db, name)
		if err != nil {
			return err
		}
		if r, err = coll.Rules(ctx); err != nil {
			return err
		}
	}
	call.Get, call.Collection = library{db}, name
	if sim.id != "" {
		id := simulatedID(sim.id)
		var err error
		if q.Doc, err = call.Get.Get(ctx, name, id); err != nil {
			return err
		}
		if call.Static && q.Doc.IsZero() {
			if q.Doc, err = document.Encode(document.M{"_id": id}, call.Now); err != nil {
				return err
			}
		}
	}
	return sim.judge(ctx, s, r, call, q)
}

// parse makes a question of the flags, without a document that is stored, and
// without rules when they are those of a collection.
func (sim *simulation) parse(s Streams) (*rules.Rules, *rules.Call, rules.Question, error) {
	q := rules.Question{}
	call := &rules.Call{Auth: sim.auth, Now: clock.System().Now(), Static: sim.static, Filters: sim.filters}
	for op := rules.Read; op <= rules.Delete; op++ {
		if op.String() == sim.op {
			call.Op = op
		}
	}
	switch {
	case call.Op == 0:
		return nil, nil, q, misused(fmt.Errorf("--op %q is none of read, create, update, delete", sim.op))
	case sim.doc != "" && sim.id != "", sim.where != nil && (sim.doc != "" || sim.id != ""):
		return nil, nil, q, misused(errors.New("--where, --doc and --id exclude one another"))
	case call.Op == rules.Create && sim.doc == "":
		return nil, nil, q, misused(errors.New("create needs --doc"))
	}
	var r *rules.Rules
	var err error
	if sim.rules != "" {
		if r, err = readRules(sim.rules, s.In); err != nil {
			return nil, nil, q, err
		}
	}
	if q.ByID = sim.doc != "" || sim.id != ""; sim.where != nil {
		where, err := object([]byte(*sim.where))
		if err != nil {
			return nil, nil, q, misused(fmt.Errorf("--where: %w", err))
		}
		q.Where = where
	}
	if sim.doc != "" {
		if q.Doc, err = sim.encoded(sim.doc, call); err != nil {
			return nil, nil, q, misused(fmt.Errorf("--doc: %w", err))
		}
	}
	if call.Data, err = sim.written(call); err != nil {
		return nil, nil, q, misused(fmt.Errorf("--data: %w", err))
	}
	return r, call, q, nil
}

// encoded returns JSON text as a document, placeholders replaced.
func (sim *simulation) encoded(text string, call *rules.Call) (document.Doc, error) {
	v, err := object([]byte(text))
	if err != nil {
		return document.Doc{}, err
	}
	filled, err := sim.auth.Substitute(v)
	if err != nil {
		return document.Doc{}, err
	}
	return document.Encode(filled, call.Now)
}

// written returns request.data.
func (sim *simulation) written(call *rules.Call) (rules.Data, error) {
	if sim.data == "" {
		return rules.Data{}, nil
	}
	v, err := object([]byte(sim.data))
	if err != nil {
		return rules.Data{}, err
	}
	filled, err := sim.auth.Substitute(v)
	if err != nil {
		return rules.Data{}, err
	}
	u, err := query.CompileUpdate(filled, call.Now)
	if err != nil {
		return rules.Data{}, err
	}
	return rules.DataOfUpdate(u), nil
}

func (sim *simulation) judge(ctx context.Context, s Streams, r *rules.Rules, call *rules.Call, q rules.Question) error {
	v := rules.Simulate(ctx, r, call, q)
	denied := (*rules.Denial)(nil)
	if v.Err != nil && !errors.As(v.Err, &denied) {
		return v.Err
	}
	if _, err := fmt.Fprint(s.Out, v); err != nil {
		return err
	}
	if !v.Allowed {
		return errRefused
	}
	return nil
}

// simulatedID returns the _id that text spells: JSON, or else a string.
func simulatedID(text string) document.ID {
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		v = document.Text(text)
	}
	id, err := document.IDOf(v)
	if err != nil {
		id, _ = document.IDOf(text)
	}
	return id
}

// A library reads documents of a database for get().
type library struct{ db *virga.DB }

// Get returns the document with that _id, or none.
func (l library) Get(ctx context.Context, collection string, id document.ID) (document.Doc, error) {
	doc, err := l.db.Collection(collection).Doc(id).Get(ctx)
	if errors.Is(err, virga.ErrNotFound) {
		return document.Doc{}, nil
	}
	return doc, err
}
