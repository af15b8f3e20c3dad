CREATE TABLE t (
    a int UNIQUE, b int, c int, d int,
    CONSTRAINT "U%:x" UNIQUE (b, a) INCLUDE (c, d), UNIQUE (c) DEFERRABLE, UNIQUE (d) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT filled UNIQUE (c, d) WITH (fillfactor = 60)
);
