CREATE TABLE t (
    a varchar(5), b char(3), c numeric(10,2), d numeric(3,-2), e timestamp(3), f timetz(0), g interval day to second(3),
    h interval year, i bit varying(7), j bit(1), k "char", l name, m varchar, n float4, o xid8, p pg_lsn, q regclass, r oidvector
);
