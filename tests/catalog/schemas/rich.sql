-- requires: 15
-- Own hand-written feature-coverage schema (no third-party text). PostgreSQL 15.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE SCHEMA content;
CREATE SCHEMA audit;
CREATE TYPE public.user_role AS ENUM ('student', 'teacher', 'admin');
CREATE TYPE content.block_kind AS ENUM ('text', 'code', 'quiz', 'in-line', '2col', 'class', 'Text');
CREATE TYPE content.status AS ENUM ('draft', 'published');
CREATE TYPE public.status AS ENUM ('on', 'off');           -- same name, other schema
CREATE DOMAIN public.email_addr AS citext CHECK (VALUE ~ '@');
CREATE DOMAIN public.positive AS integer NOT NULL DEFAULT 1 CONSTRAINT positive_check CHECK (VALUE > 0);
CREATE SEQUENCE public.order_no_seq START 1000 INCREMENT 5 MAXVALUE 99999999 CACHE 10;

CREATE TABLE public.users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext NOT NULL,
  name varchar(255) NOT NULL,
  role public.user_role NOT NULL DEFAULT 'student',
  roles public.user_role[] NOT NULL DEFAULT '{}',
  prefs jsonb NOT NULL DEFAULT '{}'::jsonb,
  raw json,
  tags text[] NOT NULL DEFAULT ARRAY[]::text[],
  grid integer[][],
  attrs hstore,
  ip inet,
  net cidr,
  mac macaddr,
  bits bit(8),
  vbits bit varying(16),
  amount numeric(10,2) NOT NULL DEFAULT 0,
  price money,
  ratio double precision,
  r4 real,
  small smallint,
  active boolean NOT NULL DEFAULT true,
  uid uuid NOT NULL DEFAULT gen_random_uuid(),
  born date,
  wake time without time zone,
  wake_tz time(3) with time zone,
  span interval day to second(3),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP,
  deleted_at timestamptz,
  blob bytea,
  x xml,
  loc point,
  path_ lseg,
  valid tstzrange,
  ivals int4multirange,
  search tsvector GENERATED ALWAYS AS (to_tsvector('english', name)) STORED,
  full_name text GENERATED ALWAYS AS (upper(name)) STORED,
  code char(6) COLLATE "C",
  display text COLLATE "C" DEFAULT 'it''s',
  "class" text,
  "metadata" jsonb,
  "Mixed Case" text,
  "registry" text,
  "2nd" integer,
  st public.status,
  level public.positive,
  mail public.email_addr,
  oidc oid,
  q tsquery,
  CONSTRAINT users_amount_nonneg CHECK (amount >= 0),
  CONSTRAINT users_name_len CHECK (char_length(name) BETWEEN 1 AND 255 AND name !~ '%'),
  CONSTRAINT users_small_in CHECK (small IN (0, 1)),
  CONSTRAINT users_display_in CHECK (display IN ('a', 'it''s', 'b')),
  CONSTRAINT uq_users_uid UNIQUE (uid)
);
COMMENT ON TABLE public.users IS 'People; it''s "quoted" \ and
multi-line';
COMMENT ON COLUMN public.users.email IS 'login e-mail';
COMMENT ON CONSTRAINT users_amount_nonneg ON public.users IS 'no debt';
CREATE UNIQUE INDEX uq_users_email_active ON public.users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX uq_users_lower_name ON public.users (lower(name));
CREATE INDEX idx_users_tags_gin ON public.users USING gin (tags);
CREATE INDEX idx_users_prefs_path ON public.users USING gin (prefs jsonb_path_ops);
CREATE INDEX idx_users_name_trgm ON public.users USING gin (name gin_trgm_ops);
CREATE INDEX idx_users_search ON public.users USING gin (search) WITH (fastupdate = off);
CREATE INDEX idx_users_created_desc ON public.users (created_at DESC NULLS LAST, id);
CREATE INDEX idx_users_cover ON public.users (role) INCLUDE (name, email);
CREATE INDEX idx_users_brin ON public.users USING brin (created_at) WITH (pages_per_range = 32);
CREATE INDEX idx_users_hash ON public.users USING hash (uid);
CREATE INDEX idx_users_pref_expr ON public.users (((prefs ->> 'theme')), active) WHERE active;
CREATE INDEX idx_users_name_c ON public.users (name COLLATE "C" text_pattern_ops);
CREATE INDEX idx_users_mixed ON public.users ("Mixed Case");
COMMENT ON INDEX public.idx_users_tags_gin IS 'tag search';
CREATE UNIQUE INDEX uq_users_nnd ON public.users (code) NULLS NOT DISTINCT;

CREATE TABLE content.books (
  id serial PRIMARY KEY,
  owner_id bigint NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  editor_id bigint REFERENCES public.users (id) ON DELETE SET NULL ON UPDATE CASCADE,
  parent_id integer REFERENCES content.books (id) DEFERRABLE INITIALLY DEFERRED,
  title text NOT NULL,
  lang char(2) NOT NULL DEFAULT 'en',
  status content.status NOT NULL DEFAULT 'draft',
  order_no bigint NOT NULL DEFAULT nextval('public.order_no_seq'),
  during daterange,
  version smallint NOT NULL DEFAULT 1,
  UNIQUE (owner_id, title),
  CONSTRAINT books_id_lang_key UNIQUE (id, lang) ,
  CONSTRAINT books_during_excl EXCLUDE USING gist (owner_id WITH =, during WITH &&) WHERE (status = 'published')
);
COMMENT ON COLUMN content.books.lang IS 'ISO 639-1; 100%';

CREATE TABLE content.chapters (
  book_id integer NOT NULL,
  lang char(2) NOT NULL,
  no smallint NOT NULL CHECK (no > 0),
  title text NOT NULL,
  kind content.block_kind NOT NULL DEFAULT 'in-line',
  CONSTRAINT chapters_pk PRIMARY KEY (book_id, lang, no),
  CONSTRAINT chapters_book_fk FOREIGN KEY (book_id, lang) REFERENCES content.books (id, lang) MATCH FULL ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE content.blocks (
  id bigserial PRIMARY KEY,
  book_id integer NOT NULL, lang char(2) NOT NULL, chapter_no smallint NOT NULL,
  prev_id bigint UNIQUE REFERENCES content.blocks (id),
  body jsonb,
  FOREIGN KEY (book_id, lang, chapter_no) REFERENCES content.chapters (book_id, lang, no)
);
-- plain M:N
CREATE TABLE content.book_tags (
  book_id integer NOT NULL REFERENCES content.books (id) ON DELETE CASCADE,
  tag_id integer NOT NULL,
  PRIMARY KEY (book_id, tag_id)
);
CREATE TABLE content.tags (id integer GENERATED BY DEFAULT AS IDENTITY (START WITH 10 INCREMENT BY 2) PRIMARY KEY, name text NOT NULL UNIQUE NULLS NOT DISTINCT);
ALTER TABLE content.book_tags ADD CONSTRAINT book_tags_tag_fk FOREIGN KEY (tag_id) REFERENCES content.tags (id) ON DELETE RESTRICT;
-- M:N association object
CREATE TABLE public.enrollments (
  user_id bigint NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  book_id integer NOT NULL REFERENCES content.books (id) ON DELETE CASCADE,
  role public.user_role NOT NULL DEFAULT 'student',
  enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, book_id)
);
-- self M:N
CREATE TABLE public.follows (
  follower_id bigint NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  followed_id bigint NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  PRIMARY KEY (follower_id, followed_id),
  CHECK (follower_id <> followed_id)
);
-- 1:1 shared PK
CREATE TABLE public.profiles (
  user_id bigint PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
  bio text
);
-- 1:1 by unique
CREATE TABLE public.settings (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL UNIQUE REFERENCES public.users (id) ON DELETE CASCADE,
  theme varchar(20) NOT NULL DEFAULT 'light'
);
-- FK cycle
CREATE TABLE public.teams (id integer PRIMARY KEY, lead_id integer);
CREATE TABLE public.members (id integer PRIMARY KEY, team_id integer NOT NULL REFERENCES public.teams (id));
ALTER TABLE public.teams ADD CONSTRAINT teams_lead_fk FOREIGN KEY (lead_id) REFERENCES public.members (id) DEFERRABLE;
-- no PK, reserved names, same table name in another schema
CREATE TABLE audit.log (at timestamptz NOT NULL DEFAULT now(), who text DEFAULT CURRENT_USER, what jsonb);
CREATE TABLE audit.users (id bigint PRIMARY KEY, who bigint REFERENCES public.users (id));
CREATE TABLE public."order" (id integer PRIMARY KEY, "select" text, "from" text, "import" text, "def" integer DEFAULT 0);
CREATE TABLE public."CamelCase" (id integer PRIMARY KEY, "userId" bigint REFERENCES public.users (id));
CREATE TABLE public."weird name-%" (id integer PRIMARY KEY, "a%b" text CHECK ("a%b" <> '%'), "c:d" text DEFAULT 'x:y');
-- partitioned, unlogged, inheritance, storage
CREATE TABLE audit.events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE audit.events_2026 PARTITION OF audit.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE UNLOGGED TABLE public.cache (k text PRIMARY KEY, v bytea) WITH (fillfactor = 70);
CREATE TABLE public.base_item (id integer PRIMARY KEY, name text);
CREATE TABLE public.sub_item (extra text) INHERITS (public.base_item);
CREATE VIEW public.active_users AS SELECT id, name FROM public.users WHERE deleted_at IS NULL;
CREATE MATERIALIZED VIEW public.user_counts AS SELECT role, count(*) AS n FROM public.users GROUP BY role;
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
