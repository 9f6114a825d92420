import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.net.SocketFactory;

/** Prints what a JDBC client sees of the schema shop, one line a fact. The connection is that of the PG* environment. */
public class BiJdbc {
    /** The test server listens on a Unix socket only, which the driver does not speak by itself. */
    public static class UnixSocketFactory extends SocketFactory {
        private final String path;

        public UnixSocketFactory(String path) {
            this.path = path;
        }

        @Override
        public Socket createSocket() {
            return new UnixSocket(path);
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }
    }

    private static class UnixSocket extends Socket {
        private final String path;
        private SocketChannel channel;

        UnixSocket(String path) {
            this.path = path;
        }

        @Override
        public void connect(SocketAddress ignored, int timeout) throws IOException {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        }

        @Override
        public boolean isConnected() {
            return channel != null;
        }

        @Override
        public InputStream getInputStream() {
            return Channels.newInputStream(channel);
        }

        @Override
        public OutputStream getOutputStream() {
            return Channels.newOutputStream(channel);
        }

        @Override
        public void setTcpNoDelay(boolean on) {}

        @Override
        public void setKeepAlive(boolean on) {}

        @Override
        public void setSoTimeout(int milliseconds) {}

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static String firstLine(String text) {
        return text == null ? "" : text.split("\n", 2)[0];
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("socketFactory", "BiJdbc$UnixSocketFactory");
        properties.setProperty("socketFactoryArg", System.getenv("PGHOST") + "/.s.PGSQL." + System.getenv("PGPORT"));
        String url = "jdbc:postgresql://localhost/" + System.getenv("PGDATABASE");
        try (Connection connection = DriverManager.getConnection(url, properties)) {
            DatabaseMetaData data = connection.getMetaData();
            List<String> relations = new ArrayList<>();
            String[] kinds = {"TABLE", "VIEW", "PARTITIONED TABLE"};
            try (ResultSet rows = data.getTables(null, "shop", "%", kinds)) {
                while (rows.next()) {
                    relations.add(rows.getString("TABLE_NAME"));
                    System.out.println("relation|" + rows.getString("TABLE_NAME") + "|" + firstLine(rows.getString("REMARKS")));
                }
            }
            for (String relation : relations) {
                try (ResultSet rows = data.getColumns(null, "shop", relation.replace("_", "\\_"), "%")) {
                    while (rows.next()) {
                        System.out.println("column|" + relation + "|" + rows.getString("COLUMN_NAME") + "|"
                                + rows.getString("TYPE_NAME").replace("bigserial", "int8").replace("serial", "int4") + "|"
                                + firstLine(rows.getString("REMARKS")));
                    }
                }
                try (ResultSet rows = data.getPrimaryKeys(null, "shop", relation)) {
                    while (rows.next()) {
                        System.out.println("key|" + relation + "|" + rows.getString("COLUMN_NAME"));
                    }
                }
                try (ResultSet rows = data.getImportedKeys(null, "shop", relation)) {
                    while (rows.next()) {
                        System.out.println("reference|" + relation + "|" + rows.getString("FKCOLUMN_NAME") + "|"
                                + rows.getString("PKTABLE_NAME") + "|" + rows.getString("PKCOLUMN_NAME"));
                    }
                }
            }
        }
    }
}
