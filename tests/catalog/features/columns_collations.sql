CREATE TABLE t (a text COLLATE "C", b varchar(3) COLLATE "POSIX", c text[] COLLATE "C", d text COLLATE "default");
CREATE INDEX i ON t (a COLLATE "POSIX", lower(d COLLATE "C"));
