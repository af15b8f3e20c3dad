CREATE TABLE t (a text, CONSTRAINT "c%:x" CHECK (a <> '%' AND a <> ':x' AND a !~ '%(s)s' AND a <> 'it''s' AND a LIKE E'\\_%'), CHECK (a::varchar(5) <> '::'));
