-- Changed before each checkpoint of the embedded database, so that the checkpoint has something to write and waits for it.
CREATE TABLE checkpoint_mark (mark BIGINT NOT NULL);
INSERT INTO checkpoint_mark (mark) VALUES (0);
