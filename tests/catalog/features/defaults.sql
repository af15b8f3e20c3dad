CREATE TABLE t (
    a text DEFAULT 'it''s', b text DEFAULT '%s :x', c text DEFAULT E'tab\tback\\slash\nline', d timestamptz DEFAULT now(),
    e date DEFAULT '2020-01-31', f interval DEFAULT '1 day -02:03', g timestamptz DEFAULT '2020-01-01 00:00+02',
    h float8 DEFAULT 0.1, i bytea DEFAULT '\xdeadbeef', j jsonb DEFAULT '{"a": "it''s %"}', k numeric DEFAULT -1.50,
    l bit(3) DEFAULT B'101', m text DEFAULT CURRENT_USER, n uuid DEFAULT gen_random_uuid(), o text DEFAULT NULL,
    p inet DEFAULT '::1', q int DEFAULT (1 + 2) * 3, r boolean DEFAULT false, s money DEFAULT 1
);
