CREATE TABLE p (a int CONSTRAINT only_here CHECK (a > 0) NO INHERIT, b int CONSTRAINT all_over CHECK (b > 0));
CREATE TABLE c () INHERITS (p);
