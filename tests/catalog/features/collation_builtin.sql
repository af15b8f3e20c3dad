-- requires: 17
CREATE COLLATION utf8 (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE t (a text COLLATE utf8);
