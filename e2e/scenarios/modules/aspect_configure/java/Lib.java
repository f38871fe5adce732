/** Has no public static void main(String[] args). */
class Lib {
    String text = "public static void main(";
}
